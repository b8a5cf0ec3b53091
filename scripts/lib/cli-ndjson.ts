import { seededRandom } from '#domain/random/seeded-random.ts';
import { outcomeInputSchema } from '#lib/contracts/outcome.ts';
import type { CheckedFile } from './cli-csv.ts';
import { linesOf, type TextFile } from './cli-file.ts';
import { counted, say } from './cli-run.ts';
import { UsageError } from './cli-target.ts';

const LISTED = 100;

/**
 * Checks every line of an export (or any NDJSON of outcomes) before anything is sent. The order stays: it is the log's.
 * @throws UsageError with the bad lines, unless they are to be skipped
 */
export async function checkNdjson(
  file: TextFile,
  options: { skipBad: boolean; shuffle?: string },
): Promise<CheckedFile> {
  let good = 0;
  const bad = new Set<number>();
  let listed = 0;
  const problem = (line: number, reason: string) => {
    bad.add(line);
    if (listed++ < LISTED) say(`Line ${line}${reason}`);
  };
  for await (const lines of linesOf(file.pieces())) {
    for (const { line, text } of lines) {
      if (text.trim() === '') continue;
      const parsed = outcomeInputSchema.safeParse(parse(text));
      if (parsed.success) good++;
      else
        for (const issue of parsed.error.issues)
          problem(
            line,
            `${issue.path.length > 0 ? `, ${issue.path.map(String).join('.')}` : ''}: ${issue.message}`,
          );
    }
  }
  if (bad.size > 0 && (!options.skipBad || good === 0)) {
    throw new UsageError(
      `${counted(bad.size)} of ${counted(bad.size + good)} lines are no outcomes; nothing was sent. Correct them, or leave them out with --skip-bad.`,
    );
  }

  async function* inOrder(): AsyncGenerator<object, void, undefined> {
    for await (const lines of linesOf(file.pieces())) {
      for (const { line, text } of lines) {
        const outcome = text.trim() === '' || bad.has(line) ? null : parse(text);
        if (typeof outcome === 'object' && outcome !== null) yield outcome;
      }
    }
  }
  async function* shuffled(seed: string): AsyncGenerator<object, void, undefined> {
    const all: object[] = [];
    for await (const outcome of inOrder()) all.push(outcome);
    const random = seededRandom(seed);
    for (let i = all.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [all[i], all[j]] = [all[j] ?? {}, all[i] ?? {}];
    }
    yield* all;
  }
  return {
    total: good,
    skipped: bad.size,
    outcomes: () => (options.shuffle === undefined ? inOrder() : shuffled(options.shuffle)),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    // Not an object: the check says so with its line.
    if (thrown instanceof SyntaxError) return thrown.message;
    throw thrown;
  }
}
