import { BlockIncrements } from '#domain/statistics/block-increments.ts';
import { createEvidence, startEvidence } from '#domain/statistics/evidence-columns.ts';
import { evidenceState } from '#domain/statistics/evidence-state.ts';
import { onMatch } from '#domain/statistics/on-match.ts';
import { pooledZ } from '#domain/statistics/pooled-z.ts';
import { STANDARD_NORMAL_95 } from '#domain/statistics/standard-normal-95.ts';
import { wilsonInterval } from '#domain/statistics/wilson-interval.ts';
import { randomOf } from './random.ts';
import { SINGLE_ROWS, type SingleRow } from './single-rows.ts';

/** The rules compared, in the order of a stream's figures. */
export const RULES = ['z', 'wilson', 'e2', 'confidence'] as const;
export type Rule = (typeof RULES)[number];

/** By rule: the outcome at which it first alarmed, and the pattern's outcomes then; 0 for never. */
export type StreamAlarms = readonly { readonly at: number; readonly inPattern: number }[];

const LOG_20 = Math.log(20);
const MINIMUM_OUTCOMES = 10;

const state = evidenceState(createEvidence(1), new BlockIncrements());

/** One pattern watched after every outcome, by the usual rules and by the evidence. */
export function watchStream(name: string, run: number): StreamAlarms {
  const row = SINGLE_ROWS.find((one) => one.name === name);
  if (row === undefined) throw new RangeError(`no row ${name}`);
  const { labels, results } = streamOf(row, randomOf(`single/${name}`, run));
  const { columns } = state;
  startEvidence(columns, 0, 0, 0);
  const alarms = RULES.map(() => ({ at: 0, inPattern: 0 }));
  let n1 = 0;
  let s1 = 0;
  let successes = 0;
  for (let i = 0; i < row.outcomes; i += 1) {
    const y = results[i] ?? 0;
    successes += y;
    const n = i + 1;
    const fire = (rule: Rule): void => {
      const alarm = alarms[RULES.indexOf(rule)];
      if (alarm?.at === 0) Object.assign(alarm, { at: n, inPattern: n1 });
    };
    if (labels[i] === 1) {
      n1 += 1;
      s1 += y;
      onMatch(state, 0, y, n, successes);
      if ((columns.maxLogETwoSided[0] ?? 0) >= LOG_20) fire('e2');
      if ((columns.mostLogEPlus[0] ?? 0) >= LOG_20) fire('confidence');
    }
    const n0 = n - n1;
    if (n1 < MINIMUM_OUTCOMES || n0 < MINIMUM_OUTCOMES) continue;
    const s0 = successes - s1;
    if (alarms[0]?.at === 0 && Math.abs(pooledZ({ n1, s1, n0, s0 })) >= STANDARD_NORMAL_95) fire('z');
    if (alarms[1]?.at === 0) {
      const { low, high } = wilsonInterval(s1, n1);
      if (s0 / n0 < low || s0 / n0 > high) fire('wilson');
    }
  }
  return alarms;
}

function streamOf(row: SingleRow, random: () => number): { labels: Uint8Array; results: Uint8Array } {
  const { outcomes, prevalence, base, effect, order } = row;
  const labels = new Uint8Array(outcomes);
  const results = new Uint8Array(outcomes);
  for (let i = 0; i < outcomes; i += 1) {
    const label = random() < prevalence ? 1 : 0;
    labels[i] = label;
    results[i] = random() < (label === 1 ? base * effect : base) ? 1 : 0;
  }
  if (order === 'arrival') return { labels, results };
  const key = (i: number): number => {
    if (order === 'success-first') return Math.floor(i / 50) * 2 + (results[i] === 1 ? 0 : 1);
    return labels[i] === 1 && results[i] === 0 ? i + random() * 30 : i;
  };
  const keys = Float64Array.from({ length: outcomes }, (_, i) => key(i));
  const sorted = Array.from(keys.keys()).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0));
  return {
    labels: Uint8Array.from(sorted, (i) => labels[i] ?? 0),
    results: Uint8Array.from(sorted, (i) => results[i] ?? 0),
  };
}
