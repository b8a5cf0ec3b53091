/** A kind of stream of STATISTICS §9, and what is said of it there. */
export interface SingleRow {
  readonly name: string;
  readonly title: string;
  readonly outcomes: number;
  readonly prevalence: number;
  readonly base: number;
  /** Rate in the pattern over rate in the rest. */
  readonly effect: number;
  readonly order: 'arrival' | 'success-first' | 'late failures';
  /** How many streams the published figures rest on. */
  readonly publishedStreams: number;
  /** Share of streams ever alarmed and median outcomes (in pattern) to it, by rule; null: not published. */
  readonly published: {
    readonly z: Published | null;
    readonly wilson: Published | null;
    readonly e2: Published | null;
    readonly confidence: Published | null;
  };
}

export interface Published {
  readonly share: number;
  readonly at?: number;
  readonly inPattern?: number;
}

const ROW = {
  outcomes: 5_000,
  prevalence: 0.2,
  base: 0.1,
  order: 'arrival',
  publishedStreams: 2_000,
} as const;

export const SINGLE_ROWS: readonly SingleRow[] = [
  {
    ...ROW,
    name: 'null',
    title: 'no effect',
    effect: 1,
    published: {
      z: { share: 0.467 },
      wilson: { share: 0.621 },
      e2: { share: 0.026 },
      confidence: { share: 0.027 },
    },
  },
  {
    ...ROW,
    name: '1.25x',
    title: '1.25×',
    effect: 1.25,
    published: {
      z: { share: 0.833, at: 1_106, inPattern: 219 },
      wilson: { share: 0.911 },
      e2: { share: 0.286 },
      confidence: { share: 0.385 },
    },
  },
  {
    ...ROW,
    name: '1.5x',
    title: '1.5×',
    effect: 1.5,
    published: {
      z: { share: 0.998, at: 400, inPattern: 81 },
      wilson: { share: 0.999 },
      e2: { share: 0.88, at: 2_289, inPattern: 457 },
      confidence: { share: 0.926, at: 1_778, inPattern: 360 },
    },
  },
  {
    ...ROW,
    name: '2x',
    title: '2×',
    effect: 2,
    published: {
      z: { share: 1, at: 140, inPattern: 28 },
      wilson: { share: 1 },
      e2: { share: 1, at: 673, inPattern: 136 },
      confidence: { share: 1, at: 558, inPattern: 110 },
    },
  },
  {
    ...ROW,
    name: '0.8x',
    title: '0.8×',
    effect: 0.8,
    published: {
      z: { share: 0.758 },
      wilson: { share: 0.845 },
      e2: { share: 0.212 },
      confidence: { share: 0.002 },
    },
  },
  {
    ...ROW,
    name: 'rare',
    title: 'no effect, rare: 2 % succeed, 5 % in pattern',
    prevalence: 0.05,
    base: 0.02,
    effect: 1,
    published: {
      z: { share: 0.255 },
      wilson: { share: 0.293 },
      e2: { share: 0.002 },
      confidence: { share: 0.007 },
    },
  },
  {
    ...ROW,
    name: 'balanced',
    title: 'no effect, balanced: 40 % succeed, 50 % in pattern',
    prevalence: 0.5,
    base: 0.4,
    effect: 1,
    publishedStreams: 1_000,
    published: {
      z: { share: 0.519 },
      wilson: { share: 0.913 },
      e2: { share: 0.029 },
      confidence: { share: 0.033 },
    },
  },
  {
    ...ROW,
    name: 'success-first',
    title: 'no effect, batches of 50 sorted success first',
    effect: 1,
    order: 'success-first',
    published: { z: null, wilson: null, e2: { share: 0.021 }, confidence: { share: 0.018 } },
  },
  {
    ...ROW,
    name: 'late-failures',
    title: 'no effect, failures of the pattern up to 30 outcomes late',
    effect: 1,
    order: 'late failures',
    published: { z: null, wilson: null, e2: { share: 0.04 }, confidence: { share: 0.029 } },
  },
];
