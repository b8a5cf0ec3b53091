import { seededRandom } from '../random/seeded-random.ts';
import type { Result } from '../outcomes/results.ts';
import { drawContent } from './content-world.ts';
import { BASE_RATE, CONTENT_TRUTHS, NEUTRAL_RATE, type PlantedTruth } from './truths.ts';
import { utcHour, visitTimes } from './visit-times.ts';

/** A simulated outcome: the shape of contracts/outcome.ts. */
export interface SimulatedOutcome {
  externalId: string;
  subject: string;
  variant: string;
  result: Result;
  value?: number;
  attributes: Record<string, string | number | boolean>;
  occurredAt: string;
}

export interface History {
  seed: number;
  /** Outcomes of the history; later ones go on counting. */
  outcomes: number;
  fromMs: number;
  toMs: number;
}

/**
 * The outcome number `index` of a seed, at this instant. Depends on nothing else, so any stretch can be made at any
 * time, and the same seed and time give the same bytes. Only exact arithmetic decides: no logarithm, no exponential.
 */
export function simulateOutcome(
  history: Pick<History, 'seed' | 'outcomes'>,
  index: number,
  atMs: number,
): SimulatedOutcome {
  const random = seededRandom(`outcome ${history.seed} ${index}`);
  const { hour, weekday } = utcHour(atMs);
  const { attributes, variant, value, subject } = drawContent(random, hour, weekday);
  const neutral = random.next() < NEUTRAL_RATE;
  const won = random.next() < successRate(attributes, index / Math.max(1, history.outcomes));
  return {
    externalId: `sim:${history.seed}:${index}`,
    subject,
    variant,
    result: neutral ? 'neutral' : won ? 'success' : 'failure',
    ...(won && !neutral ? { value } : {}),
    attributes,
    occurredAt: new Date(atMs).toISOString(),
  };
}

/** The planted chance of success. `progress`: how much of the history lies behind; above 1 after it. */
export function successRate(
  attributes: Readonly<Record<string, string | number | boolean>>,
  progress: number,
): number {
  let odds = BASE_RATE / (1 - BASE_RATE);
  for (const truth of CONTENT_TRUTHS) {
    const holds = truth.endsAfter === null || progress < truth.endsAfter;
    if (holds && matches(truth, attributes)) odds *= truth.odds;
  }
  return odds / (1 + odds);
}

export function matches(
  truth: PlantedTruth,
  attributes: Readonly<Record<string, string | number | boolean>>,
): boolean {
  return Object.entries(truth.where).every(([key, value]) => attributes[key] === value);
}

/** Outcomes `from` to `to` (not included) of a history, in order of time. */
export function simulateHistory(history: History, from = 0, to = history.outcomes): SimulatedOutcome[] {
  const { seed, outcomes, fromMs, toMs } = history;
  const times = visitTimes(fromMs, toMs, outcomes, (index) => seededRandom(`time ${seed} ${index}`).next());
  const made: SimulatedOutcome[] = [];
  for (let index = from; index < Math.min(to, outcomes); index++) {
    made.push(simulateOutcome(history, index, times.at(index)));
  }
  return made;
}
