import type { AttributeSpace } from '#lib/domain/attributes/attribute-space.ts';
import type { MetricsState } from '#lib/domain/metrics/metrics-state.ts';
import { ColumnsFromParts, copyPart, partsAt, type ColumnPart } from '#lib/domain/patterns/column-parts.ts';
import { imageBytes, type FoldImage, type ImageLayout } from '#lib/domain/patterns/fold-image.ts';
import type { Sql, TransactionSql } from '../db/client.ts';
import type { CubeBounds, FoldMemory, LogEnd } from './fold-memory.ts';
import { FOLDED_BY } from './fold-version.ts';
import { isOfThisHistory, LostTermError } from './log-store.ts';
import {
  digestOf,
  digestOfPart,
  Digests,
  isEmptyPage,
  PAGE_BYTES,
  pageCount,
  pageOf,
} from './snapshot-bytes.ts';

/** Pages and parts of one statement: half a megabyte is some 2 ms of this thread. */
const ROWS_AT_ONCE = 4;

interface SnapshotRow {
  term: number;
  position: number;
  fold_version: number;
  v8: string;
  layout: string;
  space: string;
  metrics: string;
  leaders: string;
  confirmations: string;
  last_recorded_at: Date | null;
  settings_seen: number;
  log_end: string;
  page_digests: Uint8Array;
  part_digests: Uint8Array;
  digest: Uint8Array;
}

function rowOf(memory: FoldMemory, term: number, pages: Digests, parts: Digests): SnapshotRow {
  const { space, image, metrics, leaders, confirmations, lastRecordedAtMs, settingsSeen, end } = memory;
  const row = {
    term,
    position: space.position,
    fold_version: FOLDED_BY.foldVersion,
    v8: FOLDED_BY.v8,
    layout: JSON.stringify(image.layout),
    space: JSON.stringify(space),
    metrics: JSON.stringify(metrics),
    leaders: JSON.stringify(leaders),
    confirmations: JSON.stringify(confirmations),
    last_recorded_at: lastRecordedAtMs === null ? null : new Date(lastRecordedAtMs),
    settings_seen: settingsSeen,
    log_end: JSON.stringify(end),
    page_digests: pages.bytes,
    part_digests: parts.bytes,
  };
  return { ...row, digest: digestOfRow(row) };
}

function digestOfRow(row: Omit<SnapshotRow, 'digest'>): Buffer {
  return digestOf(
    String(row.term),
    String(row.position),
    `${row.fold_version} ${row.v8}`,
    row.layout,
    row.space,
    row.metrics,
    row.leaders,
    row.confirmations,
    String(row.last_recorded_at?.getTime() ?? null),
    String(row.settings_seen),
    row.log_end,
    row.page_digests,
    row.part_digests,
  );
}

export interface WrittenSnapshot {
  pages: number;
  parts: number;
}

/**
 * Writes a memory as the workspace's snapshot, in one transaction: the pages and parts that are not there yet.
 * @throws LostTermError when another instance leads, or the log does not have what the memory has
 */
export async function writeSnapshot(
  sql: Sql,
  workspaceId: string,
  term: number,
  memory: FoldMemory,
  digests: { pages: Digests; parts: Digests },
): Promise<WrittenSnapshot> {
  const row = rowOf(memory, term, digests.pages, digests.parts);
  return sql.begin(async (tx) => {
    // Whoever writes a snapshot of this workspace waits here, so that pages of two never mix.
    await tx`select pg_advisory_xact_lock(${SNAPSHOT_LOCK}, hashtext(${workspaceId}))`;
    const [leads] = await tx`select 1 from fold_state where workspace_id = ${workspaceId} and term = ${term}`;
    if (leads === undefined)
      throw new LostTermError('Another instance writes the snapshots of this workspace.');
    if (!(await isOfThisHistory(tx, workspaceId, memory)))
      throw new LostTermError('The database does not have what this snapshot is of.');
    const [there] = await tx<{ page_digests: Uint8Array; part_digests: Uint8Array }[]>`
      select page_digests, part_digests from fold_snapshots where workspace_id = ${workspaceId}`;
    const none = new Uint8Array();
    const pages = await writePages(
      tx,
      workspaceId,
      memory.image,
      digests.pages,
      new Digests(there?.page_digests ?? none),
    );
    const parts = await writeParts(
      tx,
      workspaceId,
      memory,
      digests.parts,
      new Digests(there?.part_digests ?? none),
    );
    const written = { workspace_id: workspaceId, ...row, written_at: new Date() };
    await tx`
      insert into fold_snapshots ${tx(written)}
      on conflict (workspace_id) do update set ${tx(written)}`;
    return { pages, parts };
  });
}

/** First key of the advisory locks under which snapshots are written. */
const SNAPSHOT_LOCK = 7_411_003;

async function writePages(
  tx: TransactionSql,
  workspaceId: string,
  image: FoldImage,
  digests: Digests,
  there: Digests,
): Promise<number> {
  const count = pageCount(image);
  if (there.count > count || there.count === 0) {
    const from = there.count === 0 ? 0 : count;
    await tx`delete from fold_snapshot_pages where workspace_id = ${workspaceId} and page >= ${from}`;
  }
  const changed = changedOf(digests, there);
  for (const some of inGroups(changed)) {
    const empty = some.filter((page) => isEmptyPage(pageOf(image, page)));
    const full = some.filter((page) => !empty.includes(page));
    if (empty.length > 0 && there.count > 0) {
      await tx`
        delete from fold_snapshot_pages
        where workspace_id = ${workspaceId} and page in (select unnest(${empty}::int[]))`;
    }
    if (full.length === 0) continue;
    const rows = full.map((page) => ({ workspace_id: workspaceId, page, bytes: pageOf(image, page) }));
    await tx`
      insert into fold_snapshot_pages ${tx(rows)}
      on conflict (workspace_id, page) do update set bytes = excluded.bytes`;
  }
  return changed.length;
}

async function writeParts(
  tx: TransactionSql,
  workspaceId: string,
  { columns, space }: FoldMemory,
  digests: Digests,
  there: Digests,
): Promise<number> {
  const from = there.count === 0 ? 0 : digests.count;
  await tx`delete from fold_snapshot_columns where workspace_id = ${workspaceId} and part >= ${from}`;
  const changed = changedOf(digests, there);
  for (const some of inGroups(changed)) {
    const rows = some.map((part) => {
      const { codes, meta, values, retractedBy } = copyPart(columns, space, part);
      return { workspace_id: workspaceId, part, codes, meta, values, retracted_by: retractedBy };
    });
    await tx`
      insert into fold_snapshot_columns ${tx(rows)}
      on conflict (workspace_id, part) do update
      set codes = excluded.codes, meta = excluded.meta, values = excluded.values,
          retracted_by = excluded.retracted_by`;
  }
  return changed.length;
}

function changedOf(digests: Digests, there: Digests): number[] {
  const changed: number[] = [];
  for (let i = 0; i < digests.count; i += 1) if (!digests.isSame(i, there)) changed.push(i);
  return changed;
}

function* inGroups(numbers: readonly number[]): Generator<number[]> {
  for (let at = 0; at < numbers.length; at += ROWS_AT_ONCE) yield numbers.slice(at, at + ROWS_AT_ONCE);
}

export interface ReadSnapshot {
  memory: FoldMemory;
  digests: { pages: Digests; parts: Digests };
  /** What is missing or not as it was written, in words; a memory with damage is only good to be compared. */
  damage: string[];
}

/**
 * Reads the workspace's snapshot, as of one moment. Null where there is none, or one of another version or other
 * bounds (if any are given), which says nothing about what this code would fold.
 * @throws when its description is damaged, so that nothing of it can be understood
 */
export async function readSnapshot(
  sql: Sql,
  workspaceId: string,
  cube: CubeBounds | null,
): Promise<ReadSnapshot | null> {
  return sql.begin('isolation level repeatable read read only', async (tx) => {
    const [row] = await tx<SnapshotRow[]>`select * from fold_snapshots where workspace_id = ${workspaceId}`;
    if (row?.fold_version !== FOLDED_BY.foldVersion || row.v8 !== FOLDED_BY.v8) return null;
    if (!digestOfRow(row).equals(row.digest)) throw new Error('The description of a snapshot is damaged.');
    const damage: string[] = [];
    const layout = JSON.parse(row.layout) as ImageLayout;
    const { trackedCap, cellLimit } = cube ?? layout;
    if (layout.trackedCap !== trackedCap || layout.cellLimit !== cellLimit) return null;
    const digests = { pages: new Digests(row.page_digests), parts: new Digests(row.part_digests) };
    const image = await readPages(tx, workspaceId, layout, digests.pages, damage);
    const columns = await readParts(tx, workspaceId, partsAt(row.position), digests.parts, damage);
    const memory: FoldMemory = {
      image,
      columns,
      space: JSON.parse(row.space) as AttributeSpace,
      metrics: JSON.parse(row.metrics) as MetricsState,
      leaders: JSON.parse(row.leaders) as number[],
      confirmations: JSON.parse(row.confirmations) as number[],
      lastRecordedAtMs: row.last_recorded_at?.getTime() ?? null,
      settingsSeen: row.settings_seen,
      end: JSON.parse(row.log_end) as LogEnd,
    };
    return { memory, digests, damage };
  });
}

async function readPages(
  tx: TransactionSql,
  workspaceId: string,
  layout: ImageLayout,
  digests: Digests,
  damage: string[],
): Promise<FoldImage> {
  const image: FoldImage = { buffer: new SharedArrayBuffer(imageBytes(layout)), layout };
  const pages = tx<{ page: number; bytes: Uint8Array }[]>`
    select page, bytes from fold_snapshot_pages where workspace_id = ${workspaceId}`;
  for await (const rows of pages.cursor(ROWS_AT_ONCE)) {
    for (const { page, bytes } of rows) {
      const fits = page < pageCount(image) && bytes.byteLength === pageOf(image, page).byteLength;
      if (fits) new Uint8Array(image.buffer).set(bytes, page * PAGE_BYTES);
      else damage.push(`size of page ${page}`);
    }
  }
  if (digests.count !== pageCount(image)) damage.push('number of pages');
  for (let page = 0; page < pageCount(image); page += 1) {
    if (digests.at(page)?.equals(digestOf(pageOf(image, page))) !== true) damage.push(`page ${page}`);
  }
  return image;
}

async function readParts(
  tx: TransactionSql,
  workspaceId: string,
  count: number,
  digests: Digests,
  damage: string[],
): Promise<FoldMemory['columns']> {
  const columns = new ColumnsFromParts();
  const missing = new Set(Array.from({ length: count }, (_, part) => part));
  const parts = tx<({ part: number; retracted_by: Uint8Array | null } & Omit<ColumnPart, 'retractedBy'>)[]>`
    select part, codes, meta, values, retracted_by from fold_snapshot_columns
    where workspace_id = ${workspaceId} order by part`;
  for await (const rows of parts.cursor(ROWS_AT_ONCE)) {
    for (const { part, codes, meta, values, retracted_by: retractedBy } of rows) {
      const bytes: ColumnPart = { codes, meta, values, retractedBy };
      if (!missing.delete(part) || digests.at(part)?.equals(digestOfPart(bytes)) !== true) {
        damage.push(`part ${part} of the columns`);
      }
      try {
        columns.put(part, bytes);
      } catch (thrown) {
        if (!(thrown instanceof RangeError)) throw thrown;
        damage.push(thrown.message);
      }
    }
  }
  for (const part of missing) damage.push(`part ${part} of the columns, which is missing`);
  return columns.finish();
}

/** Whether reading failed at the database, which says nothing against what is stored; its errors carry a code. */
export const isOfDatabase = (thrown: unknown): boolean => thrown instanceof Error && 'code' in thrown;

/** Forgets a snapshot that cannot be used, so that the next one is written whole. */
export async function discardSnapshot(sql: Sql, workspaceId: string): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${SNAPSHOT_LOCK}, hashtext(${workspaceId}))`;
    await tx`delete from fold_snapshots where workspace_id = ${workspaceId}`;
    await tx`delete from fold_snapshot_pages where workspace_id = ${workspaceId}`;
    await tx`delete from fold_snapshot_columns where workspace_id = ${workspaceId}`;
  });
}
