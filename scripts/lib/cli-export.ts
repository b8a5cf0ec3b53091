import { outcomeListSchema, type OutcomeView } from '#lib/contracts/outcome.ts';
import { toOutcomeLine } from '#lib/server/services/export/outcome-line.ts';
import { callApi } from './cli-api.ts';
import type { Target } from './cli-target.ts';

const PAGE = 1_000;
const LINES_A_TIME = 1_000;

/**
 * The outcomes of a workspace through the API, as lines in the order of the log. The API pages from the newest, so
 * all of them are held before the first line is written.
 */
export async function exportThroughApi(
  target: Target,
  write: (text: string) => Promise<void>,
): Promise<number> {
  const all: OutcomeView[] = [];
  let cursor: string | null = null;
  do {
    const { body } = await callApi(
      target,
      `/api/v1/outcomes?limit=${PAGE}${cursor === null ? '' : `&cursor=${cursor}`}`,
    );
    const page = outcomeListSchema.parse(body);
    all.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  // Not placed yet: recorded last.
  const placeOf = ({ position }: OutcomeView) => position ?? Number.POSITIVE_INFINITY;
  all.sort((a, b) => (placeOf(a) === placeOf(b) ? (a.id < b.id ? -1 : 1) : placeOf(a) - placeOf(b)));
  for (let at = 0; at < all.length; at += LINES_A_TIME) {
    await write(
      all
        .slice(at, at + LINES_A_TIME)
        .map((outcome) => `${JSON.stringify(toOutcomeLine(outcome))}\n`)
        .join(''),
    );
  }
  return all.length;
}
