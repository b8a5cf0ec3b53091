import type { PatternView } from '#lib/contracts/pattern.ts';
import type { NotCompared } from '#lib/contracts/pattern-insight.ts';
import { chanceOfEver } from '#lib/format/confidence.ts';
import { count, position } from '#lib/format/count.ts';
import { MIN_CASES_FOR_RATE } from '#lib/format/percent.ts';
import { lift, odds, oddsInterval } from '#lib/format/ratio.ts';

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

/**
 * "below" where the evidence shown is that it does worse. Null on the other side, and where chance alone brings as much:
 * there either side may be the stronger one from one outcome to the next.
 */
export function sideWord(pattern: Evidence): 'below' | null {
  const value = confidenceShown(pattern);
  if (value === null || chanceOfEver(value) === 'any number') return null;
  return sideShown(pattern) === 'worse' ? 'below' : null;
}

/**
 * Whether what its confidence promises holds. Evidence of periods promises something only while the other periods agree
 * among themselves and it agrees with itself, and not before that has been asked (STATISTICS §3).
 */
export function isGuaranteed({ period, comparable }: Pick<PatternView, 'period' | 'comparable'>): boolean {
  return !period || comparable === true;
}

/** Outcomes of the rest below which pages compare nothing (STATISTICS §8, minimum samples); the evidence holds without. */
export const ENOUGH_OF_REST = 10;

/** Whether both sides have outcomes enough for a page to compare them. */
export function isCompared({ n, rest }: Pick<PatternView, 'n' | 'rest'>): boolean {
  return n >= MIN_CASES_FOR_RATE && rest.n >= ENOUGH_OF_REST;
}

/** The lift, where there is a comparison. */
export function liftShown(pattern: Pick<PatternView, 'n' | 'rest' | 'lift'>): string {
  return isCompared(pattern) ? lift(pattern.lift) : '–';
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
    case 'not-compared':
      return `folded under ${label}: no place was free to compare them`;
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
  'not-compared': 'no place was free to compare them',
} as const;

/** Why it is not compared within a simpler pattern; `label` of the pattern that explains it, where one does. */
export function notComparedWords(why: NotCompared | null, label: string | undefined): string {
  switch (why) {
    case 'not-standing':
      return 'not compared: one of the two does not stand';
    case 'other-side':
      return 'not compared: it stands on the other side';
    case 'closed':
      return 'not compared: nearly the same outcomes';
    case 'explained':
      return label === undefined ? 'not compared' : `not compared: already explained by ${label}`;
    case 'no-place':
      return 'not compared: no place was free';
    case 'not-yet':
    case null:
      return 'not compared yet';
  }
}

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
      period ? 'time-bound: the periods do not agree' : 'time-bound: no comparable outcomes at the same time',
    ];
  }
  return period ? ['time-bound: compared by period'] : [];
}

/** "31 of last 50"; null while there are none. */
export function recentWords(recent: PatternView['recent'], short = false): string | null {
  if (recent === null || recent.n === 0) return null;
  return `${recent.successes} of ${short ? '' : 'last '}${count(recent.n)}`;
}

/**
 * Why its evidence does not begin with the log: a change alarm, its pinning, or that somebody declared how one of its
 * attributes is compared. Null where it begins with the log.
 */
export function epochCause({
  epoch,
  changed,
  since,
}: Pick<PatternView, 'epoch' | 'changed' | 'since'>): 'change' | 'pin' | 'mode' | null {
  if (epoch === null || epoch.startedAt === 0) return null;
  if (changed?.at === epoch.startedAt) return 'change';
  return since === epoch.startedAt ? 'pin' : 'mode';
}

/** What has changed at its last change alarm: its odds against the rest have, and the counts may tell who moved. */
export function changeSubject({ changed }: Pick<PatternView, 'changed'>): string {
  switch (changed?.moved) {
    case 'pattern':
      return 'the pattern';
    case 'rest':
      return 'the rest';
    case 'both':
      return 'the pattern and the rest';
    default:
      return 'its distance from the rest';
  }
}

/** What happened where its evidence begins; null where it begins with the log. */
export function epochCauseWords(pattern: PatternView): string | null {
  switch (epochCause(pattern)) {
    case 'change':
      return `${changeSubject(pattern)} changed there`;
    case 'pin':
      return 'it was pinned there';
    case 'mode':
      return `one of its attributes was declared as ${pattern.period ? '' : 'not '}bound to time there`;
    case null:
      return null;
  }
}

/** "since #12,800" where the evidence does not rest on everything. */
export function epochWords({ epoch }: PatternView): string | null {
  return epoch === null || epoch.startedAt === 0 ? null : `since ${position(epoch.startedAt)}`;
}

/** The conditions as an address says them, `attribute:value`. */
export function whereOf(conditions: PatternView['conditions']): string[] {
  return conditions.map(({ attribute, value }) => `${attribute}:${value}`);
}
