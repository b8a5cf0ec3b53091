import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  matches,
  simulateHistory,
  simulateOutcome,
  type History,
  type SimulatedOutcome,
} from '#domain/simulator/simulate-outcome.ts';
import { BASE_RATE, CONTENT_TRUTHS, type PlantedTruth } from '#domain/simulator/truths.ts';
import { outcomeInputSchema } from '#lib/contracts/outcome.ts';

const history: History = {
  seed: 7,
  outcomes: 60_000,
  fromMs: Date.UTC(2024, 0, 1),
  toMs: Date.UTC(2024, 3, 1),
};
const all = simulateHistory(history);

const digest = (outcomes: readonly SimulatedOutcome[]) =>
  createHash('sha256')
    .update(outcomes.map((outcome) => JSON.stringify(outcome)).join('\n'))
    .digest('hex');

/** Success rate of decided outcomes, and its standard error. */
function rateOf(outcomes: readonly SimulatedOutcome[]): { n: number; rate: number; error: number } {
  const decided = outcomes.filter((outcome) => outcome.result !== 'neutral');
  const n = decided.length;
  const rate = decided.filter((outcome) => outcome.result === 'success').length / n;
  return { n, rate, error: Math.sqrt((rate * (1 - rate)) / n) };
}
const truth = (kind: PlantedTruth['kind']): PlantedTruth => {
  const found = CONTENT_TRUTHS.find((planted) => planted.kind === kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  return found;
};
const within = (planted: PlantedTruth, outcomes = all) =>
  outcomes.filter(({ attributes }) => matches(planted, attributes));
/** Where no other planted truth holds. */
const plain = (outcomes: readonly SimulatedOutcome[], but?: PlantedTruth) =>
  outcomes.filter(({ attributes }) =>
    CONTENT_TRUTHS.every((other) => other === but || other.odds === 1 || !matches(other, attributes)),
  );
const planned = (odds: number) => {
  const lifted = (odds * BASE_RATE) / (1 - BASE_RATE);
  return lifted / (1 + lifted);
};

describe('simulated outcomes', () => {
  it('are the same bytes for the same seed, whole or in stretches, and others for another seed', () => {
    const small = { ...history, outcomes: 2_000 };
    const whole = simulateHistory(small);
    const stretches = [
      ...simulateHistory(small, 0, 700),
      ...simulateHistory(small, 700, 701),
      ...simulateHistory(small, 701),
    ];
    expect(digest(stretches)).toBe(digest(whole));
    expect(digest(simulateHistory({ ...small, seed: 8 }))).not.toBe(digest(whole));
    // Written down: a change of the generator changes what every simulated workspace says it holds.
    expect(digest(whole)).toBe('4bf257169dd966657ba06078bf86764bdec28c936f85333fbbceb186f39cc1a4');
  });

  it('have the shape of the contract', () => {
    for (const outcome of all.slice(0, 500))
      expect(outcomeInputSchema.safeParse(outcome).error).toBeUndefined();
  });

  it('come in order of time, within the history, each with an id of its own', () => {
    const times = all.map(({ occurredAt }) => Date.parse(occurredAt));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times[0]).toBeGreaterThanOrEqual(history.fromMs);
    expect(times.at(-1)).toBeLessThan(history.toMs);
    expect(new Set(all.map(({ externalId }) => externalId)).size).toBe(all.length);
  });

  it('follow the day and the week', () => {
    const hours = new Array<number>(24).fill(0);
    const perDay = { weekend: 0, weekday: 0 };
    for (const { occurredAt, attributes } of all) {
      const hour = new Date(occurredAt).getUTCHours();
      hours[hour] = (hours[hour] ?? 0) + 1;
      perDay[attributes['day'] as 'weekend' | 'weekday'] += 1;
    }
    expect(hours[20]).toBeGreaterThan(8 * (hours[3] ?? 0));
    // 13 Saturdays and 13 Sundays among 91 days; 30 % more a day.
    expect(perDay.weekend / 26 / (perDay.weekday / 65)).toBeCloseTo(1.3, 1);
  });

  it.each(['single', 'pair', 'triple'] as const)('hold the planted %s', (kind) => {
    const planted = truth(kind);
    const { rate, error } = rateOf(plain(within(planted), planted));
    expect(Math.abs(rate - planned(planted.odds))).toBeLessThan(4 * error);
    const rest = rateOf(plain(all));
    expect(Math.abs(rest.rate - BASE_RATE)).toBeLessThan(4 * rest.error);
  });

  it('hold a decoy that looks good and is not', () => {
    const featured = within(truth('decoy'));
    const others = all.filter(({ attributes }) => attributes['featured'] === false);
    expect(rateOf(featured).rate).toBeGreaterThan(rateOf(others).rate + 4 * rateOf(featured).error);
    const byMail = featured.filter(({ attributes }) => attributes['channel'] === 'email');
    const otherMail = others.filter(({ attributes }) => attributes['channel'] === 'email');
    const difference = rateOf(byMail).rate - rateOf(otherMail).rate;
    expect(Math.abs(difference)).toBeLessThan(4 * Math.hypot(rateOf(byMail).error, rateOf(otherMail).error));
  });

  it('hold a channel that stops working', () => {
    const planted = truth('change');
    const turn = Math.floor(history.outcomes * 0.6);
    const before = rateOf(plain(within(planted, all.slice(0, turn)), planted));
    const after = rateOf(plain(within(planted, all.slice(turn)), planted));
    expect(Math.abs(before.rate - planned(planted.odds))).toBeLessThan(4 * before.error);
    expect(Math.abs(after.rate - BASE_RATE)).toBeLessThan(4 * after.error);
    expect(simulateOutcome(history, history.outcomes + 5, history.toMs).externalId).toBe('sim:7:60005');
  });
});
