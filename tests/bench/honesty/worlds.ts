/** An item: attribute number and level number. Ascending by attribute. */
export type Items = readonly (readonly [attribute: number, level: number])[];

/** A made-up population of which everything is known. Levels of an outcome are one small number an attribute. */
export interface World {
  readonly name: string;
  readonly title: string;
  readonly outcomes: number;
  readonly attributes: number;
  /** Fills in the levels of outcome `i`. */
  readonly draw: (random: () => number, i: number, levels: Uint8Array) => void;
  /** How often this combination of levels comes at the time of outcome `i`. */
  readonly probability: (levels: Uint8Array, i: number) => number;
  readonly rate: (levels: Uint8Array, i: number) => number;
  /** Times at which the truth is computed: one where nothing drifts. */
  readonly times: readonly number[];
  readonly planted: readonly Items[];
  /** Outcomes come in batches of 50 with the successes first. */
  readonly sorted?: boolean;
  /** After an outcome one that stands is taken back with this probability. */
  readonly retractShare?: number;
  /** Successes of this level of the first attribute are recorded as failures first, and corrected later, one by one. */
  readonly correctedLevel?: number;
  /** Adds an attribute "month" with this many periods, one after another. */
  readonly periods?: number;
}

export const LEVELS = 4;

/** By outcome the probability of each level of each attribute. */
type Shares = (i: number, attribute: number) => readonly number[];

interface Effect {
  readonly items: Items;
  /** What its odds or its rate are multiplied with, or, `at`, the rate itself. */
  readonly times?: number;
  readonly oddsTimes?: number;
  readonly at?: number;
}

interface Recipe {
  readonly name: string;
  readonly title: string;
  readonly outcomes: number;
  readonly attributes: number;
  readonly shares: Shares;
  readonly base: (i: number) => number;
  readonly drifts?: boolean;
  readonly effects?: readonly Effect[];
  /** The last attribute equals the first for this share of outcomes. */
  readonly copyShare?: number;
  readonly sorted?: boolean;
  readonly retractShare?: number;
  readonly correctedLevel?: number;
  readonly periods?: number;
}

function worldOf(recipe: Recipe): World {
  const { attributes, shares, base, effects = [], copyShare, outcomes } = recipe;
  const last = attributes - 1;
  return {
    ...recipe,
    times:
      recipe.drifts === true ? [0, Math.floor(outcomes / 3), Math.floor(outcomes / 2), outcomes - 1] : [0],
    planted: effects.map(({ items }) => items),
    draw(random, i, levels) {
      for (let a = 0; a < attributes; a += 1) {
        if (a === last && copyShare !== undefined) {
          const first = levels[0] ?? 0;
          const other = Math.floor(random() * (LEVELS - 1));
          levels[a] = random() < copyShare ? first : other < first ? other : other + 1;
          continue;
        }
        const own = shares(i, a);
        let rest = random();
        let level = 0;
        while (level < LEVELS - 1 && rest >= (own[level] ?? 0)) {
          rest -= own[level] ?? 0;
          level += 1;
        }
        levels[a] = level;
      }
    },
    probability(levels, i) {
      let product = 1;
      for (let a = 0; a < attributes; a += 1) {
        const level = levels[a] ?? 0;
        if (a === last && copyShare !== undefined) {
          product *= level === levels[0] ? copyShare : (1 - copyShare) / (LEVELS - 1);
        } else product *= shares(i, a)[level] ?? 0;
      }
      return product;
    },
    rate(levels, i) {
      let rate = base(i);
      for (const { items, times, oddsTimes, at } of effects) {
        if (!items.every(([attribute, level]) => levels[attribute] === level)) continue;
        if (at !== undefined) rate = Math.max(rate, at);
        if (times !== undefined) rate *= times;
        if (oddsTimes !== undefined) rate = (rate * oddsTimes) / (1 - rate + rate * oddsTimes);
      }
      return rate;
    },
  };
}

const UNEVEN = [0.4, 0.3, 0.2, 0.1] as const;
const EVEN = [0.25, 0.25, 0.25, 0.25] as const;
/** The first level's share goes its own way, the others share the rest evenly. */
const first = (share: number) => [share, (1 - share) / 3, (1 - share) / 3, (1 - share) / 3];
const ramp = (from: number, to: number, i: number, n: number) => from + ((to - from) * i) / n;

/** Outcomes of a season. */
const SEASON = 1_000;
const wave = (i: number) => Math.sin((2 * Math.PI * i) / SEASON);

const FAMILY = { outcomes: 5_000, attributes: 5, shares: () => UNEVEN, base: () => 0.1 } as const;
/** 30 % of the outcomes, and 8 %. */
const DRIVERS: readonly Effect[] = [
  { items: [[0, 1]], times: 1.6 },
  {
    items: [
      [1, 0],
      [2, 2],
    ],
    times: 2.1,
  },
];

/** Nothing is real in these. */
export const NULL_FAMILIES: readonly World[] = [
  worldOf({ ...FAMILY, name: 'nothing', title: 'nothing real' }),
  worldOf({
    ...FAMILY,
    name: 'drift',
    title: 'drift: base rate 5 to 20 %, one level of each attribute 10 to 50 %',
    shares: (i) => first(ramp(0.1, 0.5, i, 5_000)),
    base: (i) => ramp(0.05, 0.2, i, 5_000),
    drifts: true,
  }),
  worldOf({
    ...FAMILY,
    name: 'season',
    title: 'season: base rate 5 to 20 % and shares 10 to 50 % in phase, five times',
    shares: (i) => first(0.3 + 0.2 * wave(i)),
    base: (i) => 0.125 + 0.075 * wave(i),
    drifts: true,
  }),
  worldOf({ ...FAMILY, name: 'rare2', title: 'rare: 2 % succeed', base: () => 0.02 }),
  worldOf({ ...FAMILY, name: 'rare5', title: 'rare: 5 % succeed', base: () => 0.05 }),
  worldOf({ ...FAMILY, name: 'sorted', title: 'batches of 50 sorted success first', sorted: true }),
  worldOf({ ...FAMILY, name: 'calendar', title: 'a calendar of 10 periods, constant rate', periods: 10 }),
  worldOf({
    ...FAMILY,
    name: 'calendar-drift',
    title: 'a calendar of 10 periods, base rate 5 to 20 %',
    base: (i) => ramp(0.05, 0.2, i, 5_000),
    drifts: true,
    periods: 10,
  }),
  worldOf({
    ...FAMILY,
    name: 'calendar-season',
    title: 'a calendar of 10 periods, seasons of 5 to 20 %',
    base: (i) => 0.125 + 0.075 * wave(i),
    drifts: true,
    periods: 10,
  }),
  worldOf({
    ...FAMILY,
    name: 'phases',
    title: 'an attribute of two phases that mix later, base rate 5 to 30 %',
    shares: phases,
    base: (i) => ramp(0.05, 0.3, i, 5_000),
    drifts: true,
  }),
];

/** A level of the last attribute to itself, then another, then both at once. */
function phases(i: number, attribute: number): readonly number[] {
  if (attribute !== FAMILY.attributes - 1) return UNEVEN;
  if (i < FAMILY.outcomes / 4) return [1, 0, 0, 0];
  return i < FAMILY.outcomes / 2 ? [0, 1, 0, 0] : [0.5, 0.5, 0, 0];
}

export const MIXED_FAMILIES: readonly World[] = [
  worldOf({
    ...FAMILY,
    name: 'mixed',
    title: 'drivers: 1.6× single at 30 %, 2.1× pair at 8 %',
    effects: DRIVERS,
  }),
  worldOf({
    ...FAMILY,
    name: 'one-driver',
    title: 'one driver: 1.6× single at 30 %',
    effects: DRIVERS.slice(0, 1),
  }),
  worldOf({
    ...FAMILY,
    name: 'mixed-drift',
    title: 'the two drivers as odds, base rate and shares drifting',
    shares: (i, a) => (a < 3 ? UNEVEN : first(ramp(0.1, 0.5, i, 5_000))),
    base: (i) => ramp(0.05, 0.2, i, 5_000),
    drifts: true,
    effects: DRIVERS.map(({ items, times }) => ({ items, oddsTimes: times })),
  }),
];

export const LONG_FAMILIES: readonly World[] = [
  worldOf({
    ...FAMILY,
    outcomes: 20_000,
    name: 'mixed-long',
    title: 'the two drivers, 20,000 outcomes',
    effects: DRIVERS,
  }),
];

export const CORRECTED_FAMILIES: readonly World[] = [
  worldOf({ ...FAMILY, name: 'corrected-nothing', title: 'nothing real', retractShare: 0.02 }),
  worldOf({
    ...FAMILY,
    name: 'corrected-level',
    title: "nothing real; one level's failures are corrected to successes",
    base: () => 0.3,
    correctedLevel: 1,
  }),
  worldOf({
    ...FAMILY,
    name: 'uncorrected-level',
    title: 'the same world, recorded right at once',
    base: () => 0.3,
  }),
  worldOf({
    ...FAMILY,
    name: 'corrected-mixed',
    title: 'drivers: 1.6× single at 30 %, 2.1× pair at 8 %',
    retractShare: 0.02,
    effects: DRIVERS,
  }),
];

const MINER = { outcomes: 12_000, attributes: 6, shares: () => EVEN, base: () => 0.2 } as const;
const SINGLE: Effect = { items: [[0, 0]], at: 0.3 };
const PAIR: Effect = {
  items: [
    [0, 0],
    [1, 0],
  ],
  at: 0.45,
};
const OTHER_PAIR: Effect = {
  items: [
    [1, 0],
    [2, 0],
  ],
  at: 0.45,
};
const TRIPLE: Effect = {
  items: [
    [0, 0],
    [1, 0],
    [2, 0],
  ],
  at: 0.6,
};

export const MINER_WORLDS: readonly World[] = [
  worldOf({ ...MINER, name: 'pair', title: 'one pair at 45 %', effects: [PAIR] }),
  worldOf({ ...MINER, name: 'single', title: 'one single at 30 %', effects: [SINGLE] }),
  worldOf({ ...MINER, name: 'triple', title: 'one triple at 60 %', effects: [TRIPLE] }),
  worldOf({ ...MINER, name: 'both', title: 'a single and a pair', effects: [SINGLE, OTHER_PAIR] }),
  worldOf({ ...MINER, name: 'none', title: 'nothing' }),
  worldOf({
    ...MINER,
    name: 'copy',
    title: 'one pair; the sixth attribute equals the first for 90 %',
    effects: [PAIR],
    copyShare: 0.9,
  }),
  worldOf({
    ...MINER,
    name: 'pair-drift',
    title: 'one pair of odds 3.3×; base rate 10 to 30 %, shares of three attributes drifting',
    shares: (i, a) => (a < 3 ? EVEN : first(ramp(0.1, 0.5, i, 12_000))),
    base: (i) => ramp(0.1, 0.3, i, 12_000),
    drifts: true,
    effects: [{ items: PAIR.items, oddsTimes: 3.2727 }],
  }),
];

const ALL = [...NULL_FAMILIES, ...MIXED_FAMILIES, ...LONG_FAMILIES, ...CORRECTED_FAMILIES, ...MINER_WORLDS];

export function worldNamed(name: string): World {
  const world = ALL.find((one) => one.name === name);
  if (world === undefined) throw new RangeError(`no world ${name}`);
  return world;
}
