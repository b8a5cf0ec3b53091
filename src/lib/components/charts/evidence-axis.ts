import { confidence, logEvidenceForConfidence } from '#domain/statistics/confidence.ts';
import { CONFIDENCE_LINE } from '#lib/format/confidence.ts';

/** A labelled line of a plot: `at` in percent from its left or bottom end. */
export interface PlotTick {
  at: number;
  label: string;
  /** May be left out where the plot is narrow. */
  alternate?: boolean;
  /** Stands at the plot's end and must not run over it. */
  edge?: 'start' | 'end';
}

export interface EvidenceAxis {
  /** Percent from the bottom; what is outside stands at the edge. */
  place: (logE: number) => number;
  ticks: PlotTick[];
}

const LOWEST = logEvidenceForConfidence(0.01);
/** Up to here equal distances are equal evidence; beyond, the axis is drawn together so that the lines stay apart. */
const LINEAR_UP_TO = 24;
const BEND = 4;
const TICK_DISTANCE_PX = 15;

const nines = (digits: number) => Math.log(5) + digits * Math.log(10);
/** The more a tick says, the earlier it takes its place. */
const CANDIDATES: readonly { logE: number; label: string }[] = [
  { logE: logEvidenceForConfidence(CONFIDENCE_LINE), label: '0.80' },
  { logE: 0, label: '0.17' },
  { logE: logEvidenceForConfidence(0.99), label: '0.99' },
  { logE: logEvidenceForConfidence(0.9999), label: '0.9999' },
  { logE: LOWEST, label: '0.01' },
  { logE: nines(7), label: '0.9999999' },
  ...[10, 20, 50, 100, 200, 500].map((digits) => ({ logE: nines(digits), label: `${digits} nines` })),
];

/** An axis of log evidence, labelled in confidence, so that it does not flatten at the top. `logs`: all that is drawn. */
export function evidenceAxis(logs: readonly number[], heightPx: number): EvidenceAxis {
  const highest = Math.max(logEvidenceForConfidence(CONFIDENCE_LINE) + 1, ...logs) * 1.06;
  const lowest = Math.max(LOWEST - 0.3, Math.min(-0.5, ...logs));
  const bend = highest > LINEAR_UP_TO ? (logE: number) => Math.asinh(logE / BEND) : (logE: number) => logE;
  const from = bend(lowest);
  const span = bend(highest) - from;
  const place = (logE: number) =>
    Math.min(100, Math.max(0, ((bend(Math.max(logE, lowest)) - from) / span) * 100));
  const ticks: PlotTick[] = [];
  for (const { logE, label } of CANDIDATES) {
    if (logE < lowest || logE > highest) continue;
    const at = place(logE);
    if (ticks.some((tick) => (Math.abs(tick.at - at) / 100) * heightPx < TICK_DISTANCE_PX)) continue;
    ticks.push({ at, label });
  }
  return { place, ticks };
}

/** Confidence that a log e-value stands for. */
export const confidenceOf = confidence;

const STEPS = [1, 2, 5];

/** About five places of the log between two positions, both ends included. */
export function positionTicks(from: number, to: number, label: (position: number) => string): PlotTick[] {
  const span = Math.max(1, to - from);
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = Math.max(1, (STEPS.find((s) => s * power >= span / 4) ?? 10) * power);
  const ticks: PlotTick[] = [{ at: 0, label: label(from), edge: 'start' }];
  for (let position = Math.ceil((from + 1) / step) * step; position < to; position += step) {
    const at = ((position - from) / span) * 100;
    if (at > 12 && at < 88) ticks.push({ at, label: label(position) });
  }
  return middleStays([...ticks, { at: 100, label: label(to), edge: 'end' }]);
}

/** Ticks 1, 2, 5 · 10ⁿ on a logarithmic line between two counts, both ends included. */
export function countTicks(from: number, to: number, label: (n: number) => string): PlotTick[] {
  const span = Math.log(to / from);
  const ticks: PlotTick[] = [{ at: 0, label: label(from), edge: 'start' }];
  let last = 0;
  for (let power = 1; power <= to; power *= 10) {
    for (const step of STEPS) {
      const n = step * power;
      const at = (Math.log(n / from) / span) * 100;
      if (at < last + 14 || at > 86) continue;
      ticks.push({ at, label: label(n) });
      last = at;
    }
  }
  return middleStays([...ticks, { at: 100, label: label(to), edge: 'end' }]);
}

/** Where the plot is narrow, the ends stay and of the others the one in the middle. */
function middleStays(ticks: readonly PlotTick[]): PlotTick[] {
  const inner = ticks.filter(({ edge }) => edge === undefined);
  const nearest = Math.min(...inner.map(({ at }) => Math.abs(at - 50)));
  return ticks.map((tick) =>
    tick.edge !== undefined || (Math.abs(tick.at - 50) === nearest && nearest < 20)
      ? tick
      : { ...tick, alternate: true },
  );
}

export interface OddsScale {
  place: (ratio: number) => number;
  ticks: (PlotTick & { ratio: number })[];
}

const RATIOS = [1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16, 32];
const ratioLabel = (ratio: number) => `${ratio < 1 ? Number(ratio.toPrecision(2)) : ratio}×`;

/** A logarithmic axis of odds ratios that holds these ends, and one; beyond 32 the band runs off. */
export function oddsScale(ends: readonly number[], heightPx: number): OddsScale {
  const smallest = Math.min(0.75, ...ends);
  const largest = Math.max(1.34, ...ends);
  const low = RATIOS.findLast((ratio) => ratio <= smallest) ?? 1 / 32;
  const high = RATIOS.find((ratio) => ratio >= largest) ?? 32;
  const span = Math.log(high / low);
  const place = (ratio: number) => (Math.log(Math.min(high, Math.max(low, ratio)) / low) / span) * 100;
  const ticks: OddsScale['ticks'] = [];
  for (const ratio of [1, ...RATIOS.filter((r) => r !== 1)]) {
    if (ratio < low || ratio > high) continue;
    const at = place(ratio);
    if (ticks.some((tick) => (Math.abs(tick.at - at) / 100) * heightPx < TICK_DISTANCE_PX)) continue;
    ticks.push({ ratio, at, label: ratioLabel(ratio) });
  }
  return { place, ticks };
}
