import type { SeededRandom } from '../random/seeded-random.ts';

type Weighted<T> = readonly (readonly [value: T, weight: number])[];

/** How often each value comes; whole numbers, so that every machine draws alike. */
const CHANNELS: Weighted<string> = [
  ['search', 29],
  ['social', 21],
  ['email', 18],
  ['direct', 15],
  ['referral', 9],
  ['partner', 8],
];
const DEVICES: Weighted<string> = [
  ['mobile', 55],
  ['desktop', 37],
  ['tablet', 8],
];
const HEADLINES: Weighted<string> = [
  ['plain', 32],
  ['how-to', 26],
  ['question', 22],
  ['number', 20],
];
const TOPICS: Weighted<string> = [
  ['news', 30],
  ['guides', 26],
  ['stories', 24],
  ['reviews', 20],
];
const LENGTHS: Weighted<string> = [
  ['medium', 40],
  ['short', 33],
  ['long', 27],
];
const VISITORS: Weighted<string> = [
  ['new', 60],
  ['returning', 40],
];
const VALUES: Weighted<number> = [
  [9, 40],
  [19, 30],
  [29, 18],
  [49, 9],
  [99, 3],
];

export interface ContentPiece {
  attributes: Record<string, string | number | boolean>;
  variant: string;
  /** What a success is worth. */
  value: number;
  subject: string;
}

/** One visit to a piece of content at this hour (0-23) of this day (0 = Sunday). */
export function drawContent(random: SeededRandom, hour: number, weekday: number): ContentPiece {
  const channel = pick(random, CHANNELS);
  const piece = {
    channel,
    device: pick(random, DEVICES),
    headline: pick(random, HEADLINES),
    topic: pick(random, TOPICS),
    length: pick(random, LENGTHS),
    visitor: pick(random, VISITORS),
    // The decoy: it goes with e-mail, and has no effect of its own.
    featured: random.below(100) < (channel === 'email' ? 80 : 12),
    image: random.below(100) < 70,
    // Between 20 and 79, more often in the middle: the mean of two dice.
    readability: 20 + Math.floor((random.below(60) + random.below(60)) / 2),
    hours: hourBand(hour),
    day: weekday === 0 || weekday === 6 ? 'weekend' : 'weekday',
  };
  return {
    attributes: piece,
    variant: random.below(2) === 0 ? 'A' : 'B',
    value: pick(random, VALUES),
    subject: `visitor ${10_000 + random.below(90_000)}`,
  };
}

function hourBand(hour: number): string {
  if (hour < 6) return 'night';
  if (hour < 12) return 'morning';
  return hour < 18 ? 'afternoon' : 'evening';
}

function pick<T>(random: SeededRandom, values: Weighted<T>): T {
  const total = values.reduce((sum, [, weight]) => sum + weight, 0);
  let left = random.below(total);
  for (const [value, weight] of values) {
    if (left < weight) return value;
    left -= weight;
  }
  throw new RangeError('pick requires at least one value');
}
