import type { AttributeValue } from '#lib/contracts/outcome.ts';
import type { Issue } from '#lib/contracts/problem.ts';
import type { App } from '../../app.ts';
import { collectionEvent } from '../../audit/tell.ts';
import type { Context } from '../../context.ts';
import type { Sql, TransactionSql } from '../../db/client.ts';
import { appendEvents, type FeedEvent } from '../../event-log/append-events.ts';
import { knownTypesOf, type AttributeType } from './known-types.ts';

/** Something with attributes, and its place in the request for issues. */
export interface AttributeBearer {
  index: number;
  attributes: Readonly<Record<string, AttributeValue>>;
}

const typeOf = (value: AttributeValue): AttributeType => typeof value as AttributeType;
const NOUN: Record<AttributeType, string> = { string: 'text', number: 'a number', boolean: 'true or false' };

function wordsOf(key: string, fixed: AttributeType, value: AttributeValue): string {
  const got = typeOf(value);
  const hint =
    fixed === 'number'
      ? 'Send a number without quotes, such as 33.'
      : fixed === 'boolean'
        ? 'Send true or false without quotes.'
        : `Send it in quotes, such as "${String(value)}".`;
  return `${key} was first recorded as ${NOUN[fixed]}, and this is ${NOUN[got]}. ${hint}`;
}

/** The type that each attribute has in these items, by the first that carries it; sorted by name. */
function firstTypes(items: readonly AttributeBearer[]): [string, AttributeType][] {
  const types = new Map<string, AttributeType>();
  for (const { attributes } of items) {
    for (const key of Object.keys(attributes)) {
      const value = attributes[key];
      if (value !== undefined && !types.has(key)) types.set(key, typeOf(value));
    }
  }
  // Every transaction takes the keys in this order, so two of them cannot wait for each other.
  return [...types].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function mismatches(items: readonly AttributeBearer[], types: ReadonlyMap<string, AttributeType>): Issue[] {
  const issues: Issue[] = [];
  for (const { index, attributes } of items) {
    for (const key of Object.keys(attributes)) {
      const value = attributes[key];
      const fixed = types.get(key);
      if (value === undefined || fixed === undefined || fixed === typeOf(value)) continue;
      issues.push({ index, path: `attributes.${key}`, message: wordsOf(key, fixed, value) });
    }
  }
  return issues;
}

async function readTypes(tx: Sql | TransactionSql, workspaceId: string, keys: readonly string[]) {
  const rows = await tx<{ key: string; type: AttributeType }[]>`
    select key, type from attributes where workspace_id = ${workspaceId} and key = any(${[...keys]}::text[])`;
  return new Map(rows.map((row) => [row.key, row.type]));
}

/**
 * Whether every attribute of these items has its type already, for good: then fixing and checking them asks the
 * database nothing. Asks it here for those that this instance has not met, outside of any transaction, so that what
 * is learned is committed.
 */
export async function areTypesFixed(
  ctx: Pick<Context, 'app' | 'workspace'>,
  items: readonly AttributeBearer[],
): Promise<boolean> {
  const known = knownTypesOf(ctx.app, ctx.workspace.id);
  const unknown = firstTypes(items).flatMap(([key]) => (known.get(key) === undefined ? [key] : []));
  if (unknown.length === 0) return true;
  const found = await readTypes(ctx.app.db.sql, ctx.workspace.id, unknown);
  known.learn(found);
  return found.size === unknown.length;
}

/**
 * Gives attributes that are new here the type they come with, in the caller's transaction, and says what has another
 * type than the one that is fixed. A concurrent transaction with the same new attribute is waited for: only one
 * type wins. The caller must roll back when there are issues.
 */
export async function fixAttributeTypes(
  tx: TransactionSql | Sql,
  { app, workspace }: { app: App; workspace: { id: string } },
  items: readonly AttributeBearer[],
): Promise<Issue[]> {
  const wanted = firstTypes(items);
  const known = knownTypesOf(app, workspace.id);
  const types = new Map(
    wanted.flatMap(([key]): [string, AttributeType][] => {
      const type = known.get(key);
      return type === undefined ? [] : [[key, type]];
    }),
  );
  const unmet = wanted.filter(([key]) => !types.has(key));
  if (unmet.length > 0)
    for (const [key, type] of await fixTypes(tx, workspace.id, unmet)) types.set(key, type);
  return mismatches(items, types);
}

/** Of more new attributes in one transaction only that there are some is told. */
const TOLD_SINGLY = 50;

interface Learned {
  key: string;
  at: Date;
}

const learnedEvent = (id: string | null, at: Date, rev: number): FeedEvent =>
  collectionEvent(
    'created',
    { collection: 'attributes', id, action: 'attribute.learned', at: at.toISOString() },
    rev,
  );

async function tellLearned(
  tx: TransactionSql | Sql,
  workspaceId: string,
  learned: readonly Learned[],
): Promise<void> {
  const [first] = learned;
  if (first === undefined) return;
  if (learned.length <= TOLD_SINGLY) {
    // Older than anything that people do to the attribute, whose revisions are above 0.
    const events = learned.map(({ key, at }) => learnedEvent(key, at, 0));
    await appendEvents(tx, workspaceId, events);
    return;
  }
  // What people do to the attributes as such has the same key, with ids of audit rows as revisions.
  const [row] = await tx<{ rev: number }[]>`
    select coalesce(pg_sequence_last_value(pg_get_serial_sequence('audit_log', 'id')), 0)::bigint as rev`;
  await appendEvents(tx, workspaceId, [learnedEvent(null, first.at, row?.rev ?? 0)]);
}

async function fixTypes(
  tx: TransactionSql | Sql,
  workspaceId: string,
  wanted: readonly [string, AttributeType][],
): Promise<ReadonlyMap<string, AttributeType>> {
  const keys = wanted.map(([key]) => key);
  const types = await readTypes(tx, workspaceId, keys);
  const fresh = wanted.filter(([key]) => !types.has(key));
  if (fresh.length === 0) return types;
  const added = await tx<Learned[]>`
    insert into attributes (workspace_id, key, type)
    select ${workspaceId}, a.key, a.type
    from unnest(${fresh.map(([key]) => key)}::text[], ${fresh.map(([, type]) => type)}::text[]) as a (key, type)
    on conflict do nothing returning key, created_at as at`;
  await tellLearned(tx, workspaceId, added);
  // Read again rather than trust the insert: what another transaction committed meanwhile counts.
  return readTypes(tx, workspaceId, keys);
}

/** What has another type than the one that is fixed; fixes nothing. */
export async function checkAttributeTypes(
  tx: TransactionSql | Sql,
  workspaceId: string,
  items: readonly AttributeBearer[],
): Promise<Issue[]> {
  const wanted = firstTypes(items);
  if (wanted.length === 0) return [];
  return mismatches(
    items,
    await readTypes(
      tx,
      workspaceId,
      wanted.map(([key]) => key),
    ),
  );
}
