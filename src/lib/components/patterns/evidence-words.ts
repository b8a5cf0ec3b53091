import type { PatternView } from '#lib/contracts/pattern.ts';
import { count, position } from '#lib/format/count.ts';
import { odds, oddsInterval } from '#lib/format/ratio.ts';

type Evidence = Pick<PatternView, 'confidence' | 'confidenceWorse' | 'direction'>;

/** The side whose evidence is shown: where it stands, else the stronger one. */
export function sideShown({ confidence, confidenceWorse, direction }: Evidence): 'better' | 'worse' {
  return direction ?? ((confidenceWorse ?? 0) > (confidence ?? 0) ? 'worse' : 'better');
}

/** Confidence of the side shown; null where no evidence is gathered. */
export function confidenceShown(pattern: Evidence): number | null {
  if (pattern.confidence === null) return null;
  return sideShown(pattern) === 'worse' ? (pattern.confidenceWorse ?? 0) : pattern.confidence;
}

/** The raw rate leans the other way than the evidence of the same time: never to be hidden. */
export function disagrees({
  direction,
  rate,
  rest,
}: Pick<PatternView, 'direction' | 'rate' | 'rest'>): boolean {
  if (direction === null || rate === null || rest.rate === null || rate === rest.rate) return false;
  return rate > rest.rate !== (direction === 'better');
}

/** What the evidence of the same time says where the raw rates say otherwise. */
export function disagreement(pattern: PatternView): string | null {
  if (!disagrees(pattern)) return null;
  const side = pattern.direction === 'better' ? 'above' : 'below';
  if (pattern.period) return `period by period, ${side} the rest`;
  return `at the same time, ${side} the rest${oddsWords(pattern)}`;
}

function oddsWords({ oddsRatio }: PatternView): string {
  if (oddsRatio === null) return '';
  const { estimate } = oddsRatio;
  return estimate === undefined || estimate === null
    ? `: odds ${oddsInterval(oddsRatio).replace('–', '–\u2060')}`
    : `: odds ${odds(estimate)}`;
}

/** Why it is folded under another pattern. */
export function reasonWords({ reason, label }: NonNullable<PatternView['explainedBy']>): string {
  switch (reason) {
    case 'restates':
      return `explained by ${label}: adds nothing among its outcomes`;
    case 'closed':
      return `nearly the same outcomes as ${label}`;
    case 'only-its-child':
      return `only because of ${label}`;
    case 'overlaps':
      return `overlaps with ${label}`;
    case 'mirrors':
      return `the other side of ${label}`;
    case 'jointly':
      return `explained by ${label} together with the other leaders`;
    case 'shadows':
      return `explained by ${label}: stands out neither within it nor outside it`;
  }
}

/** The same where the other pattern's name stands beside it. */
export const REASON_SHORT = {
  restates: 'adds nothing among its outcomes',
  closed: 'nearly the same outcomes',
  'only-its-child': 'only because of this one',
  overlaps: 'overlaps with it',
  mirrors: 'its other side',
  jointly: 'explained by it together with the other leaders',
  shadows: 'stands out neither within it nor outside it',
} as const;

/** What else one has to know of a pattern to read its row. */
export function marksOf(pattern: PatternView): string[] {
  return [
    ...(pattern.pinned ? ['pinned'] : []),
    ...(pattern.recounting ? ['recounting'] : []),
    ...(pattern.pinnedOnly ? ['too few to be searched'] : []),
    ...timeMark(pattern),
  ];
}

function timeMark({ period, comparable }: PatternView): string[] {
  if (comparable === false) {
    return [
      period
        ? 'time-bound: the other periods differ among themselves'
        : 'time-bound: no comparable outcomes at the same time',
    ];
  }
  return period ? ['time-bound: compared by period'] : [];
}

/** "31 of last 50"; null while there are none. */
export function recentWords(recent: PatternView['recent'], short = false): string | null {
  if (recent === null || recent.n === 0) return null;
  return `${recent.successes} of ${short ? '' : 'last '}${count(recent.n)}`;
}

/** "since #12,800" where the evidence does not rest on everything. */
export function epochWords({ epoch }: PatternView): string | null {
  return epoch === null || epoch.startedAt === 0 ? null : `since ${position(epoch.startedAt)}`;
}

/** The conditions as an address says them, `attribute:value`. */
export function whereOf(conditions: PatternView['conditions']): string[] {
  return conditions.map(({ attribute, value }) => `${attribute}:${value}`);
}
