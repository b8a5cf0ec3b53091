import { expect } from '@playwright/test';
import type { Sql } from 'postgres';
import { isSame, type MixedLoad, type Told } from './mixed-load.ts';

/** Things that a person decides may follow each other at one position; all else happens to a pattern once there. */
const DECIDED = new Map([
  ['pattern.pin', { word: 'pinned', what: 'pinned', to: true }],
  ['pattern.unpin', { word: 'unpinned', what: 'pinned', to: false }],
  ['pattern.retire', { word: 'retired', what: 'retired', to: true }],
  ['pattern.resume', { word: 'resumed', what: 'retired', to: false }],
]);

/** Whether everything committed has been given its place and applied. */
export async function isSettled(sql: Sql): Promise<boolean> {
  const [row] = await sql<{ settled: boolean }[]>`
    select not exists (select 1 from log_entries where position is null)
      and not exists (select 1 from setting_entries where effective_after is null)
      and not exists (select 1 from feed_outbox where seq is null)
      and not exists (select 1 from fold_state where placed <> applied) as settled`;
  return row?.settled === true;
}

/** What clients were told of is there, and nothing more. */
export async function expectOutcomes(sql: Sql, load: MixedLoad): Promise<void> {
  const rows = await sql<(Told & { externalId: string })[]>`
    select external_id as "externalId", id, result, attributes, deleted_at is not null as deleted from outcomes`;
  const stored = new Map(rows.map(({ externalId, ...row }) => [externalId, row]));
  const wrong = [...load.outcomes].filter(([key, told]) => {
    const row = stored.get(key);
    return row === undefined || !isSame(row, told);
  });
  expect(wrong).toEqual([]);
  expect(stored.size).toBe(load.outcomes.size);
}

/** The log is gap-free, and what stands in it is what stands. */
export async function expectLog(sql: Sql, load: MixedLoad): Promise<void> {
  const [log] = await sql`
    select count(*)::int as entries, count(distinct position)::int as positions, min(position)::int as first,
      max(position)::int as last, count(*) filter (where kind = 'retract')::int as retracts,
      count(distinct retracts)::int as retracted
    from log_entries`;
  const standing = [...load.outcomes.values()].filter(({ deleted }) => !deleted).length;
  expect(log).toMatchObject({
    positions: log?.['entries'],
    first: 1,
    last: log?.['entries'],
    retracted: log?.['retracts'],
  });
  expect(Number(log?.['entries']) - 2 * Number(log?.['retracts'])).toBe(standing);
  const [state] = await sql`select applied::int as applied from fold_state`;
  expect(state?.['applied']).toBe(log?.['last']);
}

/** Nothing that happened to a pattern is told twice, and every choice that changed something is told. */
export async function expectHistory(sql: Sql): Promise<number> {
  const events = await sql<{ pattern: string; position: number; kind: string; side: string }[]>`
    select pattern_id as pattern, (e ->> 'position')::int as position, e ->> 'kind' as kind, e ->> 'side' as side
    from pattern_history, jsonb_array_elements(events) as e`;
  const decided = new Set([...DECIDED.values()].map(({ word }) => word));
  const names = events
    .filter(({ kind }) => !decided.has(kind))
    .map(({ pattern, position, kind, side }) => `${pattern} ${position} ${kind} ${side}`);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  const told = events.filter(({ kind }) => decided.has(kind)).map((one) => `${one.position} ${one.kind}`);
  expect(told.sort()).toEqual((await choicesMade(sql)).sort());
  return events.length;
}

/** Where which choice changed something: a client that saw figures from before may choose what is so already. */
async function choicesMade(sql: Sql): Promise<string[]> {
  const choices = await sql<{ kind: string; position: number; pattern: string }[]>`
    select kind, effective_after::int as position, payload ->> 'conditions' as pattern from setting_entries
    where kind like 'pattern.%' order by effective_after, ordinal`;
  const state = new Map<string, boolean>();
  return choices.flatMap(({ kind, position, pattern }) => {
    const { word, what, to } = DECIDED.get(kind) ?? { word: kind, what: kind, to: true };
    const key = `${what} ${pattern}`;
    if ((state.get(key) ?? false) === to) return [];
    state.set(key, to);
    return [`${position} ${word}`];
  });
}

/** The feed is gap-free, and each change of an outcome is in it once. */
export async function expectFeed(sql: Sql, load: MixedLoad): Promise<void> {
  const [feed] = await sql`
    select count(*)::int as events, count(distinct seq)::int as places, (max(seq) - min(seq) + 1)::int as span
    from feed_outbox`;
  expect(feed).toMatchObject({ places: feed?.['events'], span: feed?.['events'] });
  const twice = await sql`
    select type, key, rev, count(*) from feed_outbox where topic = 'outcomes'
    group by 1, 2, 3 having count(*) > 1`;
  expect([...twice]).toEqual([]);
  const [recorded] = await sql`
    select count(distinct key)::int as count from feed_outbox where type = 'outcome.recorded'`;
  expect(recorded?.['count']).toBe(load.outcomes.size);
  const counted = await sql<{ id: string; count: number }[]>`
    select c ->> 'position' as id, count(*)::int as count
    from feed_outbox, jsonb_array_elements(payload -> 'counted') as c
    where type = 'metrics.updated' group by 1 having count(*) > 1`;
  expect([...counted]).toEqual([]);
}
