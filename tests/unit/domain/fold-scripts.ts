import {
  createAttributeSpace,
  type AttributeSpace,
} from '../../../src/lib/domain/attributes/attribute-space.ts';
import { encodeEntries } from '../../../src/lib/domain/attributes/encode-entries.ts';
import type { EncodedBatch } from '../../../src/lib/domain/attributes/encoded-batch.ts';
import type { SettingEntry } from '../../../src/lib/domain/attributes/setting-entry.ts';
import type { AttributeValue, LogFacts } from '../../../src/lib/domain/outcomes/log-facts.ts';
import type { Result } from '../../../src/lib/domain/outcomes/results.ts';
import { type Columns, emptyColumns } from '../../../src/lib/domain/patterns/columns.ts';
import type { Departure } from '../../../src/lib/domain/patterns/departure.ts';
import type { FoldEffect } from '../../../src/lib/domain/patterns/fold-effect.ts';
import { BlockIncrements } from '../../../src/lib/domain/statistics/block-increments.ts';
import { foldBatch } from '../../../src/lib/domain/patterns/fold-batch.ts';
import { createFoldImage, type FoldImage } from '../../../src/lib/domain/patterns/fold-image.ts';
import type { TrackedIdentity } from '../../../src/lib/domain/patterns/tracked-patterns.ts';

/** A small seeded generator (mulberry32), so that every script can be told again. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function add(
  position: number,
  result: Result,
  attributes: Record<string, AttributeValue>,
  value: number | null = null,
): LogFacts {
  const localDay = 14_000 + Math.floor(position / 100);
  return {
    position,
    kind: 'add',
    retracts: null,
    result,
    value,
    attributes,
    localDay,
    recordedAtMs: position,
  };
}

export function retract(position: number, of: LogFacts): LogFacts {
  return { ...of, position, kind: 'retract', retracts: of.position, recordedAtMs: position };
}

export interface ScriptOptions {
  readonly entries: number;
  readonly retractShare?: number;
  readonly valueShare?: number;
  /** Attributes beyond 16 are stored, not searched. */
  readonly attributes?: number;
  /** Categories of the first attribute: beyond 64 they become "other". */
  readonly categories?: number;
  /** Flags go with success, one kind with failure; else the attributes mean nothing. */
  readonly effects?: boolean;
}

/** A log with categories, numbers, flags, missing values, neutral outcomes and retracts. */
export function randomLog(seed: number, options: ScriptOptions): LogFacts[] {
  const { entries, retractShare = 0.1, valueShare = 0.3, attributes = 5, categories = 6 } = options;
  const random = seeded(seed);
  const log: LogFacts[] = [];
  const standing: LogFacts[] = [];
  for (let position = 1; position <= entries; position += 1) {
    if (standing.length > 0 && random() < retractShare) {
      const [taken] = standing.splice(Math.floor(random() * standing.length), 1);
      if (taken !== undefined) {
        log.push(retract(position, taken));
        continue;
      }
    }
    const facts: Record<string, AttributeValue> = {};
    for (let a = 0; a < attributes; a += 1) {
      if (random() < 0.1) continue;
      // Late attributes come late, so that tables grow in the middle of a log.
      if (a >= 3 && position < entries * 0.05 * a) continue;
      if (a === 0) facts['kind'] = `k${Math.floor(random() ** 2 * categories)}`;
      else if (a % 3 === 1) facts[`number${a}`] = Math.floor(random() * 60) + (a > 3 ? 0.5 : 0);
      else if (a % 3 === 2) facts[`flag${a}`] = random() < 0.3;
      else facts[`category${a}`] = random() < 0.02 ? '' : `v${Math.floor(random() * 3)}`;
    }
    const roll = random();
    const better = options.effects === true && facts['flag2'] === true ? 0.35 : 0;
    const worse = options.effects === true && facts['kind'] === 'k0' ? 0.2 : 0;
    const result = roll < 0.1 ? 'neutral' : roll < 0.4 + better - worse ? 'success' : 'failure';
    const value = random() < valueShare ? Math.round((random() - 0.3) * 1e6) / 1e4 : null;
    const entry = add(position, result, facts, value);
    standing.push(entry);
    log.push(entry);
  }
  return log;
}

/** The same log with success and failure exchanged in what was added after a position: every effect turns round. */
export function turned(log: readonly LogFacts[], after: number): LogFacts[] {
  const other = { success: 'failure', failure: 'success', neutral: 'neutral' } as const;
  return log.map((entry) =>
    (entry.retracts ?? entry.position) > after ? { ...entry, result: other[entry.result] } : entry,
  );
}

export interface Fold {
  readonly space: AttributeSpace;
  readonly image: FoldImage;
  readonly spare: FoldImage | null;
  readonly columns: Columns;
  readonly settings: readonly SettingEntry[];
  readonly born: readonly TrackedIdentity[];
  readonly evicted: readonly Departure[];
  readonly effects: readonly FoldEffect[];
}

/** One a thread: making it costs 8 MB. */
export const INCREMENTS = new BlockIncrements();

export function startFold(
  settings: readonly SettingEntry[] = [],
  options: { readonly trackedCap?: number; readonly cellLimit?: number } = {},
): Fold {
  return {
    space: createAttributeSpace(settings),
    image: createFoldImage(options),
    spare: null,
    columns: emptyColumns(),
    settings,
    born: [],
    evicted: [],
    effects: [],
  };
}

/** Freezes plain data all the way down, so that whoever writes to a given state is caught. */
export function deepFreeze<T>(data: T): T {
  if (typeof data === 'object' && data !== null && !Object.isFrozen(data)) {
    Object.freeze(data);
    for (const part of Object.values(data)) deepFreeze(part);
  }
  return data;
}

/** What the leader does with one batch: encode, fold, store the decisions, flip. */
export function step(
  fold: Fold,
  entries: readonly LogFacts[],
  newSettings: readonly SettingEntry[] = [],
): Fold {
  const encoded = encodeEntries(deepFreeze(fold.space), entries, newSettings);
  if (encoded.kind === 'refold') throw new Error(`refold because of ${encoded.because.kind}`);
  const { batch } = encoded;
  const task = { front: fold.image, spare: fold.spare, columns: fold.columns, batch };
  const { image, columns, born, evicted, effects } = foldBatch(task, INCREMENTS);
  const known = [...fold.settings, ...newSettings];
  const decided = encoded.decisions.map((decision, i): SettingEntry => ({
    ...decision,
    ordinal: Math.max(0, ...known.map(({ ordinal }) => ordinal)) + i + 1,
  }));
  return {
    space: encoded.space,
    image,
    spare: fold.image,
    columns,
    settings: [...known, ...decided],
    born: [...fold.born, ...born],
    evicted: [...fold.evicted, ...evicted],
    effects: [...fold.effects, ...effects],
  };
}

/** Folds a whole log in batches of the sizes that `nextSize` gives. */
export function foldLog(log: readonly LogFacts[], nextSize: () => number, from: Fold = startFold()): Fold {
  let fold = from;
  for (let start = fold.space.position; start < log.length;) {
    const size = Math.max(1, nextSize());
    fold = step(fold, log.slice(start, start + size));
    start += size;
  }
  return fold;
}

export interface Script {
  readonly log: readonly LogFacts[];
  /** By position. */
  readonly settings: readonly SettingEntry[];
}

/** A live run of a script: settings come with the batch that reaches their position. */
export function foldScript(
  { log, settings }: Script,
  nextSize: () => number,
  from: Fold = startFold(),
): Fold {
  let fold = from;
  while (fold.space.position < log.length) {
    const start = fold.space.position;
    const end = Math.min(log.length, start + Math.max(1, nextSize()));
    const due = settings.filter(({ effectiveAfter }) => effectiveAfter >= start && effectiveAfter < end);
    fold = step(fold, log.slice(start, end), due);
  }
  return fold;
}

export function encodedBatch(space: AttributeSpace, entries: readonly LogFacts[]): EncodedBatch {
  const encoded = encodeEntries(space, entries, []);
  if (encoded.kind === 'refold') throw new Error('unexpected refold');
  return encoded.batch;
}

export function bytesOf(image: FoldImage): Uint8Array {
  return new Uint8Array(image.buffer).slice();
}

/** The rows of the columns as plain bytes, up to a position. */
export function columnBytes(columns: Columns, position: number): number[][] {
  const rows: number[][] = [];
  for (let row = 0; row < position; row += 1) {
    const chunk = columns.chunks[Math.floor(row / 65_536)];
    if (chunk === undefined) throw new Error('missing chunk');
    const codes = new Uint8Array(chunk.codes);
    const at = row % 65_536;
    rows.push([
      ...Array.from({ length: 16 }, (_, slot) => codes[slot * 65_536 + at] ?? -1),
      new Uint8Array(chunk.meta)[at] ?? -1,
    ]);
  }
  return rows;
}
