/*
 * The speed of the fold on one thread: npx tsx tests/bench/fold.ts [outcomes]
 * Figures are CPU time, printed and never asserted: they belong to the machine.
 */
import { createAttributeSpace } from '../../src/lib/domain/attributes/attribute-space.ts';
import { encodeEntries } from '../../src/lib/domain/attributes/encode-entries.ts';
import type { EncodedBatch } from '../../src/lib/domain/attributes/encoded-batch.ts';
import type { LogFacts } from '../../src/lib/domain/outcomes/log-facts.ts';
import { emptyColumns } from '../../src/lib/domain/patterns/columns.ts';
import { evaluate } from '../../src/lib/domain/patterns/evaluate.ts';
import { foldBatch } from '../../src/lib/domain/patterns/fold-batch.ts';
import { createFoldImage, type FoldImage, readTotals } from '../../src/lib/domain/patterns/fold-image.ts';
import { leadingPatterns } from '../../src/lib/domain/patterns/leading-patterns.ts';
import { scanColumns } from '../../src/lib/domain/patterns/scan-columns.ts';
import { trackedPatterns } from '../../src/lib/domain/patterns/tracked-patterns.ts';
import { bankIsMissing, bankOutcomes } from '../support/bank-file.ts';

const OUTCOMES = Number(process.argv[2] ?? 1_000_000);
const BATCH = 5_000;
const ATTRIBUTES = 16;

let seed = 1;
function random(): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 4_294_967_296;
}

/** Sixteen categories with 3 to 8 values of unequal frequency; a value on every entry if wanted. */
function logOf(from: number, count: number, valued: boolean): LogFacts[] {
  return Array.from({ length: count }, (_, i) => {
    const attributes: Record<string, string> = {};
    for (let a = 0; a < ATTRIBUTES; a += 1) {
      attributes[`a${a}`] = `v${Math.floor(random() ** 1.5 * (3 + (a % 6)))}`;
    }
    return {
      position: from + i,
      kind: 'add',
      retracts: null,
      result: random() < 0.2 ? 'success' : 'failure',
      value: valued ? Math.floor(random() * 100) : null,
      attributes,
      localDay: 0,
      recordedAtMs: 0,
    };
  });
}

const print = (...words: unknown[]): void => void process.stdout.write(`${words.join(' ')}\n`);
/** CPU time of the process in ms: a busy machine does not change it much, unlike the wall clock. */
function now(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
const since = (start: number): number => now() - start;

function sixteenAttributes(outcomes: number, valued: boolean): void {
  let space = createAttributeSpace();
  let front: FoldImage = createFoldImage();
  let spare: FoldImage | null = null;
  let columns = emptyColumns();
  let encodeMs = 0;
  let foldMs = 0;
  let markMs = 0;
  let mark = 0;
  const marks = [1_000, 10_000, 100_000, 300_000, 1_000_000, 3_000_000];
  for (let start = 0; start < outcomes;) {
    const next = marks.find((one) => one > start) ?? outcomes;
    const log = logOf(start + 1, Math.min(BATCH, next - start, outcomes - start), valued);
    let clock = now();
    const encoded = encodeEntries(space, log, []);
    encodeMs += since(clock);
    if (encoded.kind === 'refold') throw new Error('refold');
    clock = now();
    const result = foldBatch({ front, spare, columns, batch: encoded.batch });
    const took = since(clock);
    foldMs += took;
    markMs += took;
    spare = front;
    front = result.image;
    columns = result.columns;
    space = encoded.space;
    start += log.length;
    if (marks.includes(start) || start === outcomes) {
      const totals = readTotals(front);
      print(
        `  ${String(start).padStart(8)} outcomes: ${((markMs / (start - mark)) * 1_000).toFixed(2)} µs each since the last line,`,
        `${totals.tracked} tracked, ${totals.cells} cells, image ${(front.buffer.byteLength / 1e6).toFixed(1)} MB`,
      );
      mark = start;
      markMs = 0;
    }
  }
  print(
    `  fold ${Math.round(outcomes / (foldMs / 1_000))} outcomes/s, encode ${Math.round(outcomes / (encodeMs / 1_000))} outcomes/s`,
  );
  const bytes = columns.chunks.reduce(
    (sum, { codes, meta, values }) => sum + codes.byteLength + meta.byteLength + (values?.byteLength ?? 0),
    0,
  );
  print(`  columns ${(bytes / outcomes).toFixed(1)} bytes an outcome`);

  let clock = now();
  for (let i = 0; i < 20; i += 1) {
    const batch: EncodedBatch = smallBatch(space, 50, valued);
    foldBatch({ front, spare, columns, batch });
  }
  print(`  a batch of 50, encoding and copy of the image included: ${(since(clock) / 20).toFixed(2)} ms`);
  clock = now();
  const leaders = leadingPatterns(front);
  print(`  leading patterns (${leaders.length}): ${since(clock).toFixed(1)} ms`);
  clock = now();
  const totals = readTotals(front);
  const all = trackedPatterns(front);
  for (const pattern of all) evaluate(pattern, totals);
  print(`  reading and evaluating ${all.length} tracked: ${since(clock).toFixed(1)} ms`);
  clock = now();
  scanColumns(columns, outcomes, [0, 1, 2], [1, 1, 1]);
  print(`  scan of three conditions: ${since(clock).toFixed(1)} ms`);
}

function smallBatch(
  space: ReturnType<typeof createAttributeSpace>,
  count: number,
  valued: boolean,
): EncodedBatch {
  const encoded = encodeEntries(space, logOf(space.position + 1, count, valued), []);
  if (encoded.kind === 'refold') throw new Error('refold');
  return encoded.batch;
}

function bankFile(): void {
  if (bankIsMissing !== null) {
    print(`bank file: skipped, ${bankIsMissing}`);
    return;
  }
  const log = bankOutcomes().map(({ result, attributes }, i): LogFacts => ({
    position: i + 1,
    kind: 'add',
    retracts: null,
    result,
    value: null,
    attributes: attributes as Record<string, string>,
    localDay: 0,
    recordedAtMs: 0,
  }));
  let space = createAttributeSpace();
  let front: FoldImage = createFoldImage();
  let spare: FoldImage | null = null;
  let columns = emptyColumns();
  const clock = now();
  for (let start = 0; start < log.length; start += BATCH) {
    const encoded = encodeEntries(space, log.slice(start, start + BATCH), []);
    if (encoded.kind === 'refold') throw new Error('refold');
    const result = foldBatch({ front, spare, columns, batch: encoded.batch });
    spare = front;
    ({ image: front, columns } = result);
    space = encoded.space;
  }
  const took = since(clock);
  print(`bank file: ${log.length} outcomes, 9 attributes, encoded and folded in ${took.toFixed(0)} ms,`);
  print(`  ${readTotals(front).tracked} tracked, ${readTotals(front).cells} cells`);
}

bankFile();
print('16 categories, no values:');
sixteenAttributes(OUTCOMES, false);
print('16 categories, a value on every outcome:');
sixteenAttributes(Math.min(OUTCOMES, 300_000), true);
