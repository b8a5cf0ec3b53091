/*
 * The speed of the fold on one thread: npm run bench -- fold [outcomes]
 * Figures are CPU time, printed and never asserted: they belong to the machine.
 */
import { loadavg } from 'node:os';
import {
  type AttributeSpace,
  createAttributeSpace,
} from '../../src/lib/domain/attributes/attribute-space.ts';
import { encodeEntries } from '../../src/lib/domain/attributes/encode-entries.ts';
import type { SettingEntry } from '../../src/lib/domain/attributes/setting-entry.ts';
import type { LogFacts } from '../../src/lib/domain/outcomes/log-facts.ts';
import { type Columns, emptyColumns } from '../../src/lib/domain/patterns/columns.ts';
import { evaluate } from '../../src/lib/domain/patterns/evaluate.ts';
import { foldBatch } from '../../src/lib/domain/patterns/fold-batch.ts';
import {
  createFoldImage,
  type FoldImage,
  HEADER,
  openImage,
  readTotals,
} from '../../src/lib/domain/patterns/fold-image.ts';
import { evidenceLeaders, leadingPatterns } from '../../src/lib/domain/patterns/leading-patterns.ts';
import { readEvidence } from '../../src/lib/domain/patterns/pattern-evidence.ts';
import { activePatterns } from '../../src/lib/domain/patterns/prune-patterns.ts';
import { scanColumns } from '../../src/lib/domain/patterns/scan-columns.ts';
import { trackedPatterns } from '../../src/lib/domain/patterns/tracked-patterns.ts';
import { BlockIncrements } from '../../src/lib/domain/statistics/block-increments.ts';
import { createEvidence } from '../../src/lib/domain/statistics/evidence-columns.ts';
import { evidenceState } from '../../src/lib/domain/statistics/evidence-state.ts';
import { onMatch } from '../../src/lib/domain/statistics/on-match.ts';
import { bankIsMissing, bankOutcomes } from '../support/bank-file.ts';

const OUTCOMES = Number(process.argv[2] ?? 1_000_000);
/** BENCH_PART=corrections: that part alone. */
const ONLY_CORRECTIONS = process.env['BENCH_PART'] === 'corrections';
const BATCH = 5_000;
const ATTRIBUTES = 16;
/** One a thread, as in a worker. */
const increments = new BlockIncrements();

let seed = 1;
function random(): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 4_294_967_296;
}

type Attributes = Record<string, string>;

function entry(
  position: number,
  success: boolean,
  attributes: Attributes,
  value: number | null = null,
): LogFacts {
  const result = success ? 'success' : 'failure';
  return { position, kind: 'add', retracts: null, result, value, attributes, localDay: 0, recordedAtMs: 0 };
}

/** Categories with 3 to 8 values of unequal frequency. */
function drawn(from: number, count: number, attributes: number, valued = false): LogFacts[] {
  return Array.from({ length: count }, (_, i) => {
    const facts: Attributes = {};
    for (let a = 0; a < attributes; a += 1)
      facts[`a${a}`] = `v${Math.floor(random() ** 1.5 * (3 + (a % 6)))}`;
    return entry(from + i, random() < 0.2, facts, valued ? Math.floor(random() * 100) : null);
  });
}

const print = (...words: unknown[]): void => void process.stdout.write(`${words.join(' ')}\n`);
/** CPU time of the process in ms: a busy machine stretches it far less than the wall clock. */
function now(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
const since = (start: number): number => now() - start;
const rounded = (perSecond: number): string => Math.round(perSecond).toLocaleString('en');

/** A fold under way, with what it has cost. */
class Bench {
  space: AttributeSpace;
  front: FoldImage;
  spare: FoldImage | null = null;
  columns: Columns = emptyColumns();
  encodeMs = 0;
  foldMs = 0;
  largestBatchMs = 0;

  constructor(trackedCap?: number, settings: readonly SettingEntry[] = []) {
    this.space = createAttributeSpace(settings);
    this.front = createFoldImage(trackedCap === undefined ? {} : { trackedCap });
  }

  /** The CPU time of the fold alone, ms. */
  take(log: readonly LogFacts[], keep = true): number {
    let clock = now();
    const encoded = encodeEntries(this.space, log, []);
    this.encodeMs += since(clock);
    if (encoded.kind === 'refold') throw new Error('refold');
    clock = now();
    const { batch } = encoded;
    const { front, spare, columns } = this;
    const result = foldBatch({ front, spare, columns, batch }, increments);
    const took = since(clock);
    if (!keep) return took;
    this.foldMs += took;
    this.largestBatchMs = Math.max(this.largestBatchMs, took);
    this.spare = front;
    this.front = result.image;
    this.columns = result.columns;
    this.space = encoded.space;
    return took;
  }

  get columnBytes(): number {
    return this.columns.chunks.reduce(
      (sum, { codes, meta, values }) => sum + codes.byteLength + meta.byteLength + (values?.byteLength ?? 0),
      0,
    );
  }
}

/** Matches that the evidence of the tracked patterns holds: fed live or replayed. */
function matchesOf(image: FoldImage): number {
  return trackedPatterns(image).reduce((sum, { n }) => sum + n, 0);
}

function bankFile(): void {
  if (bankIsMissing !== null) {
    print(`bank file: skipped, ${bankIsMissing}`);
    return;
  }
  const log = bankOutcomes().map(({ result, attributes }, i) =>
    entry(i + 1, result === 'success', attributes as Attributes),
  );
  const fold = (cap?: number): Bench => {
    const bench = new Bench(cap);
    for (let start = 0; start < log.length; start += BATCH) bench.take(log.slice(start, start + BATCH));
    return bench;
  };
  const counted = fold(0);
  const runs = [fold(), fold(), fold()];
  const times = runs.map(({ foldMs }) => foldMs).sort((a, b) => a - b);
  const [bench] = runs;
  const best = times[0];
  if (bench === undefined || best === undefined) return;
  const view = openImage(bench.front);
  const matches = matchesOf(bench.front);
  print(`bank file: ${log.length} outcomes, 9 attributes, ${BATCH} a batch`);
  print(`  counting alone ${counted.foldMs.toFixed(0)} ms, encoding ${bench.encodeMs.toFixed(0)} ms`);
  print(`  with evidence ${times.map((ms) => ms.toFixed(0)).join(', ')} ms (three runs, the first was cold)`);
  print(
    `  ${readTotals(bench.front).tracked} tracked, ${(matches / log.length).toFixed(0)} matches an outcome,`,
    `${rounded((matches / (best - counted.foldMs)) * 1_000)} matches/s with births, pruning and all`,
  );
  print(
    `  ${view.header[HEADER.rejections]} confirmed ever, ${activePatterns(view).length} stand,`,
    `${evidenceLeaders(view).length} leaders`,
  );
}

/** Feeds patterns of all prevalences that have nothing to do with success, and a tenth that have. */
function evidenceAlone(): void {
  const patterns = 3_000;
  const state = evidenceState(createEvidence(patterns), increments);
  const prevalence = Float64Array.from({ length: patterns }, () => 0.005 + 0.6 * random() ** 4);
  const rounds: number[] = [];
  let N = 0;
  let S = 0;
  for (let round = 0; round < 6; round += 1) {
    let matches = 0;
    let ms = 0;
    for (let i = 0; i < 2_000; i += 1) {
      const matched: number[] = [];
      for (let p = 0; p < patterns; p += 1) if (random() < (prevalence[p] ?? 0)) matched.push(p);
      const lifted = matched.filter((p) => p % 10 === 0).length > 40;
      const y = random() < (lifted ? 0.2 : 0.11) ? 1 : 0;
      N += 1;
      S += y;
      const clock = process.hrtime.bigint();
      for (const p of matched) onMatch(state, p, y, N, S);
      ms += Number(process.hrtime.bigint() - clock) / 1e6;
      matches += matched.length;
    }
    rounds.push((matches / ms) * 1_000);
  }
  print(`evidence alone: ${patterns} patterns, base rate .11 to .2, wall clock of six rounds:`);
  print(`  ${rounds.map(rounded).join(', ')} matches/s`);
}

function countingAlone(outcomes: number, valued: boolean): void {
  const bench = new Bench(0);
  const rates: number[] = [];
  for (let start = 0; start < outcomes; start += BATCH) {
    const took = bench.take(drawn(start + 1, BATCH, ATTRIBUTES, valued));
    if (start >= outcomes / 4) rates.push((BATCH / took) * 1_000);
  }
  rates.sort((a, b) => a - b);
  print(
    `counting alone, 16 attributes${valued ? ', a value on every outcome' : ''}: ${readTotals(bench.front).cells} cells,`,
    `${rounded(rates[rates.length >> 1] ?? NaN)} outcomes/s in the median batch, ${rounded(rates.at(-1) ?? NaN)} in the best`,
  );
}

/** Everything, over many outcomes: whether the cost of one stays the same, and what it takes in memory. */
function longLog(outcomes: number): void {
  const bench = new Bench();
  const marks = [1_000, 10_000, 100_000, 300_000, 1_000_000];
  let mark = 0;
  let markMs = 0;
  let markMatches = 0;
  print('nine attributes, everything:');
  for (let start = 0; start < outcomes;) {
    const next = marks.find((one) => one > start) ?? outcomes;
    const log = drawn(start + 1, Math.min(BATCH, next - start, outcomes - start), 9);
    markMs += bench.take(log);
    start += log.length;
    if (!marks.includes(start) && start !== outcomes) continue;
    const matches = matchesOf(bench.front);
    const own = matches - markMatches;
    print(
      `  to ${String(start).padStart(8)}: ${((markMs / (start - mark)) * 1_000).toFixed(1)} µs an outcome,`,
      `${((markMs / own) * 1_000).toFixed(2)} µs a match, ${readTotals(bench.front).tracked} tracked,`,
      `image ${(bench.front.buffer.byteLength / 1e6).toFixed(1)} MB`,
    );
    mark = start;
    markMs = 0;
    markMatches = matches;
  }
  const state = 2 * bench.front.buffer.byteLength + bench.columnBytes;
  print(
    `  memory: columns ${(bench.columnBytes / 1e6).toFixed(1)} MB, two images ${((2 * bench.front.buffer.byteLength) / 1e6).toFixed(1)} MB,`,
    `table of blocks 8 MB: ${((state + 8e6) / 1e6).toFixed(0)} MB; the whole process ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB`,
  );
  const small = Array.from({ length: 20 }, () => bench.take(drawn(outcomes + 1, 50, 9), false));
  print(
    `  a batch of 50, copy of the image included: ${(small.reduce((a, b) => a + b) / 20).toFixed(2)} ms;`,
    `the dearest of ${BATCH}: ${bench.largestBatchMs.toFixed(0)} ms`,
  );
  let clock = now();
  const leaders = leadingPatterns(bench.front);
  print(`  leading patterns (${leaders.length}): ${since(clock).toFixed(1)} ms`);
  clock = now();
  const totals = readTotals(bench.front);
  const all = trackedPatterns(bench.front);
  const view = openImage(bench.front);
  for (const pattern of all) {
    evaluate(pattern, totals);
    readEvidence(view, pattern.index);
  }
  print(`  reading counts and evidence of ${all.length} tracked: ${since(clock).toFixed(1)} ms`);
  clock = now();
  scanColumns(bench.columns, outcomes, [0, 1, 2], [1, 1, 1]);
  print(`  scan of three conditions: ${since(clock).toFixed(1)} ms`);
}

/** A log with corrections all over it, refolded with its swaps: each takes out what was corrected before it. */
function corrections(outcomes: number, count: number, valued: boolean): void {
  seed = 1;
  const log: LogFacts[] = [];
  const standing: LogFacts[] = [];
  const settled: number[] = [];
  for (const outcome of drawn(1, outcomes, 9, valued)) {
    const added = { ...outcome, position: log.length + 1 };
    log.push(added);
    standing.push(added);
    if (random() >= count / outcomes) continue;
    const at = Math.floor(random() * standing.length);
    const wrong = standing[at];
    if (wrong === undefined) continue;
    log.push({ ...wrong, position: log.length + 1, kind: 'retract', retracts: wrong.position });
    const right = { ...wrong, result: wrong.result === 'success' ? 'failure' : 'success' } as const;
    standing[at] = { ...right, position: log.length + 1 };
    log.push(standing[at]);
    settled.push(log.length);
  }
  print(
    `refold of ${outcomes} outcomes with ${settled.length} corrections, nine attributes${valued ? ', a value on every outcome' : ''}:`,
  );
  for (const swaps of [0, 20, 60, count]) {
    const each = Math.ceil(settled.length / Math.max(1, swaps));
    const settings = settled
      .filter((_, i) => swaps > 0 && (i + 1 === settled.length || (i + 1) % each === 0))
      .map((through, i): SettingEntry => {
        return { kind: 'evidence.swap', payload: { through }, effectiveAfter: through, ordinal: i + 1 };
      });
    const bench = new Bench(undefined, settings);
    for (let start = 0; start < log.length; start += BATCH) bench.take(log.slice(start, start + BATCH));
    print(`  ${String(settings.length).padStart(3)} swaps: ${bench.foldMs.toFixed(0)} ms`);
  }
}

const load = () =>
  loadavg()
    .map((one) => one.toFixed(1))
    .join(' ');
print(`Node ${process.version}, load at the start ${load()}`);
if (!ONLY_CORRECTIONS) {
  bankFile();
  evidenceAlone();
  countingAlone(Math.min(OUTCOMES, 200_000), false);
  countingAlone(Math.min(OUTCOMES, 100_000), true);
}
corrections(20_000, 1_200, false);
corrections(20_000, 1_200, true);
if (!ONLY_CORRECTIONS) longLog(OUTCOMES);
print(`load at the end ${load()}`);
