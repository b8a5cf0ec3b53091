/** Where rates stand on a line on which equal distances are equal odds ratios (logit spacing). */
export interface OddsAxis {
  low: number;
  high: number;
  ticks: readonly AxisTick[];
}

export interface AxisTick {
  rate: number;
  /** Percent of the axis' length. */
  at: number;
  label: string;
  /** May be left out when the axis is narrow. */
  alternate: boolean;
}

const TICKS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99];
/** For one mark on a wide axis. */
const FINE = [
  0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95,
];
/** Ends of the axis beyond the labelled ticks; no axis goes further, marks there have an open end. */
const EDGES = [0.001, 0.002, 0.005, ...TICKS, 0.995, 0.998, 0.999];
const MIN_TICK_DISTANCE = 28;

const logit = (rate: number) => Math.log(rate / (1 - rate));

const label = (rate: number) => `${Number((rate * 100).toPrecision(3))}%`;

/**
 * Position of a rate in percent of the axis, to a tenth, which is less than a pixel: a rest that moves in its fifth
 * digit with every outcome would have every mark drawn anew. Rates outside stand at its ends.
 */
export function placeOnAxis(axis: Pick<OddsAxis, 'low' | 'high'>, rate: number): number {
  const clamped = Math.min(axis.high, Math.max(axis.low, rate));
  const from = logit(axis.low);
  return Math.round(((logit(clamped) - from) / (logit(axis.high) - from)) * 1_000) / 10;
}

export const isOffAxis = (axis: Pick<OddsAxis, 'low' | 'high'>, rate: number): 'low' | 'high' | null =>
  rate < axis.low ? 'low' : rate > axis.high ? 'high' : null;

/**
 * Axis for marks that are read together: from the smallest to the largest drawn end, widened to the next tick.
 * `widthPx` is the narrowest width it is drawn with; ticks closer than 28 px there are left out.
 */
export function oddsAxis(
  ends: readonly number[],
  options: { widthPx?: number; fine?: boolean } = {},
): OddsAxis {
  const widthPx = options.widthPx ?? 200;
  const edges = options.fine ? [...new Set([...EDGES, ...FINE])].sort((a, b) => a - b) : EDGES;
  const first = edges[0] ?? 0.001;
  const last = edges.at(-1) ?? 0.999;
  const drawn = ends.filter((end) => Number.isFinite(end));
  const smallest = drawn.length === 0 ? 0.02 : Math.min(...drawn);
  const largest = drawn.length === 0 ? 0.8 : Math.max(...drawn);
  let low = edges.findLast((edge) => edge <= smallest) ?? first;
  let high = edges.find((edge) => edge >= largest) ?? last;
  if (low === high) {
    low = edges[Math.max(0, edges.indexOf(low) - 1)] ?? first;
    high = edges[Math.min(edges.length - 1, edges.indexOf(high) + 1)] ?? last;
  }
  return { low, high, ticks: ticksBetween(low, high, widthPx, options.fine ? FINE : TICKS) };
}

function ticksBetween(low: number, high: number, widthPx: number, rates: readonly number[]): AxisTick[] {
  const ticks: AxisTick[] = [];
  let previous = -Infinity;
  for (const rate of rates) {
    if (rate < low || rate > high) continue;
    const at = placeOnAxis({ low, high }, rate);
    if (((at - previous) / 100) * widthPx < MIN_TICK_DISTANCE) continue;
    ticks.push({ rate, at, label: label(rate), alternate: ticks.length % 2 === 1 });
    previous = at;
  }
  return ticks;
}

interface Drawn {
  n: number;
  wilson: { low: number; high: number };
  rest: { rate: number | null };
}

/** The ends that a list of patterns draws: their intervals and the rest's ticks. Under five cases the
    interval spans nearly everything; it would squeeze the others, so it runs off the axis with open ends. */
export function drawnEnds(items: readonly Drawn[]): number[] {
  const wide = items.filter((item) => item.n >= 5);
  const shown = wide.length > 0 ? wide : items.filter((item) => item.n > 0);
  return shown.flatMap((item) => [
    item.wilson.low,
    item.wilson.high,
    ...(item.rest.rate === null ? [] : [item.rest.rate]),
  ]);
}

export const axisOfPatterns = (
  items: readonly Drawn[],
  options?: { widthPx?: number; fine?: boolean },
): OddsAxis => oddsAxis(drawnEnds(items), options);
