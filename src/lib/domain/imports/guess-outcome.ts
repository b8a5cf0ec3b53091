import type { ColumnProfile } from './profile-columns.ts';

/** Lower case, words parted by single spaces: "Closed-Won" and "closed_won" are the same words. */
export function plainWords(text: string): string {
  return text
    .replace(/([a-z\d])([A-Z])/gu, '$1 $2')
    .toLowerCase()
    .replace(/[\s_.-]+/gu, ' ')
    .trim();
}

const words = (text: string) => new Set(text.split('|'));

const SUCCESS_WORDS = words(
  'y|yes|true|t|1|success|successful|succeeded|won|win|closed won|converted|conversion|completed|complete|done|kept|sold|' +
    'sale|paid|purchased|purchase|bought|ordered|subscribed|signed|signed up|accepted|approved|attended|showed|show|' +
    'booked|renewed|retained|passed|pass|good|positive|profit|clicked|opened|responded|replied|hired|check out|checked out',
);
const FAILURE_WORDS = words(
  'n|no|false|f|0|failure|failed|fail|lost|loss|lose|closed lost|not converted|unconverted|incomplete|not completed|' +
    'cancelled|canceled|declined|rejected|refused|expired|no show|noshow|missed|abandoned|dropped|churned|unpaid|' +
    'unsold|bad|negative|-1|unsubscribed|bounced|ignored|dismissed',
);
const NEUTRAL_WORDS = words(
  'maybe|neutral|pending|open|draw|tie|scratch|breakeven|break even|unknown|in progress|rescheduled|postponed|' +
    'on hold|void|n/a|na|undecided',
);
const OUTCOME_NAMES: [RegExp, number][] = [
  [
    /^(y|outcome|result|converted|conversion|is converted|success|successful|won|win|is won|target|response)$/u,
    6,
  ],
  [
    /^(status|state|stage|deal stage|final status|reservation status|appointment status|label|class|ending)$/u,
    4,
  ],
  [/\b(outcome|result|converted|conversion|success|won|completed|purchased|subscribed|kept|attended)\b/u, 3],
  [/\b(status|accepted|approved|signed|sold|paid|renewed|cancell?ed|is canceled|churn|churned)\b/u, 2],
];

export interface OutcomeGuess {
  column: number;
  success: string[];
  neutral: string[];
  /** Why this column and these values, in words. */
  reason: string;
}

const has = (set: ReadonlySet<string>, value: string) =>
  set.has(plainWords(value)) || set.has(value.toLowerCase());

/** Values of a column that read like success, and like neither. */
export function guessSuccess(profile: Pick<ColumnProfile, 'name' | 'values' | 'distinct'>): {
  success: string[];
  neutral: string[];
} {
  const inverse = /\b(cancell?ed|churn|churned|lost|failed|no show|default(ed)?|bounced)\b/u.test(
    plainWords(profile.name),
  );
  const values = profile.values.map(({ value }) => value);
  const neutral = values.filter((value) => has(NEUTRAL_WORDS, value));
  // "is_canceled = 1" is the bad end: there the word for yes means failure.
  const good = inverse ? FAILURE_WORDS : SUCCESS_WORDS;
  const success = values.filter((value) => has(good, value) && !neutral.includes(value));
  if (success.length > 0 || profile.distinct !== 2) return { success, neutral };
  const left = values.filter(
    (value) => !has(inverse ? SUCCESS_WORDS : FAILURE_WORDS, value) && !neutral.includes(value),
  );
  return { success: left.length === 1 ? left : [], neutral };
}

/** The column that most looks like "how it ended", or null when none does. */
export function guessOutcome(profiles: readonly ColumnProfile[]): OutcomeGuess | null {
  let best: (OutcomeGuess & { score: number }) | null = null;
  for (const profile of profiles) {
    if (profile.distinct < 2 || profile.distinct > 12) continue;
    const name = plainWords(profile.name);
    const named = OUTCOME_NAMES.find(([pattern]) => pattern.test(name))?.[1] ?? 0;
    const { success, neutral } = guessSuccess(profile);
    const told = profile.values.filter(
      ({ value }) => has(SUCCESS_WORDS, value) || has(FAILURE_WORDS, value),
    ).length;
    let score = named;
    if (profile.distinct === 2) score += 2;
    if (success.length > 0) score += 1;
    if (told === profile.distinct) score += 1;
    // Files for learning tend to end with the answer.
    if (profile.index === profiles.length - 1) score += 1;
    if (profile.empty > profile.rows / 2) score -= 4;
    if (named === 0 && score < 4) continue;
    if (best === null || score > best.score) {
      best = { column: profile.index, success, neutral, score, reason: reasonFor(named, profile) };
    }
  }
  return best === null
    ? null
    : { column: best.column, success: best.success, neutral: best.neutral, reason: best.reason };
}

function reasonFor(named: number, profile: ColumnProfile): string {
  if (named >= 3) return `Its name says so, and it has ${profile.distinct} values.`;
  return profile.distinct === 2
    ? 'It has two values that read like yes and no.'
    : `It has ${profile.distinct} values.`;
}
