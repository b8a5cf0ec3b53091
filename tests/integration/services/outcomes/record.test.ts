import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '#lib/server/app.ts';
import type { Context } from '#lib/server/context.ts';
import { AppError } from '#lib/server/errors.ts';
import { recordOutcomes, recordOutcomesOnce } from '#lib/server/services/outcomes/index.ts';
import { openJourney } from '#lib/server/services/journeys/index.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/test-database.ts';
import {
  createTestApp,
  createTestWorkspace,
  testContext,
  testUser,
  type Rings,
} from '../../../support/test-workspace.ts';

let db: TestDatabase;
let app: App & { rings: Rings };
let ctx: Context;

beforeAll(async () => {
  db = await createTestDatabase({ max: 12 });
  app = await createTestApp(db.database);
});
beforeEach(async () => {
  ctx = testContext(app, await createTestWorkspace(db.database));
  app.rings.log = [];
  app.rings.feed = 0;
});
afterAll(() => db.drop());

const record = (inputs: unknown[]) => recordOutcomes(ctx, inputs, { source: 'api' });
const input = (more: object = {}) => ({ subject: 'client 1', result: 'success', ...more });

async function refusal(promise: Promise<unknown>): Promise<AppError> {
  const thrown: unknown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(AppError);
  return thrown as AppError;
}

async function counts(workspaceId = ctx.workspace.id) {
  const [row] = await db.sql<
    { outcomes: number; entries: number; audits: number; events: number; attributes: number }[]
  >`
    select (select count(*)::int from outcomes where workspace_id = ${workspaceId}) as outcomes,
      (select count(*)::int from log_entries where workspace_id = ${workspaceId}) as entries,
      (select count(*)::int from audit_log where workspace_id = ${workspaceId}) as audits,
      (select count(*)::int from feed_outbox where workspace_id = ${workspaceId} and topic = 'outcomes') as events,
      (select count(*)::int from attributes where workspace_id = ${workspaceId}) as attributes`;
  return row;
}

describe('recording', () => {
  it('writes the outcome, its log entry, an audit row and a feed event, and rings after the commit', async () => {
    const reply = await record([
      input({
        externalId: 'x-1',
        value: 12.345678,
        attributes: { contact: 'cellular', age: 33, loan: false, gone: null, empty: '' },
      }),
    ]);
    expect(reply).toMatchObject({
      accepted: 1,
      duplicates: 0,
      items: [{ externalId: 'x-1', duplicate: false }],
    });
    const [entry] = await db.sql`select * from log_entries where workspace_id = ${ctx.workspace.id}`;
    expect(entry).toMatchObject({
      kind: 'add',
      position: null,
      outcome_id: reply.items[0]?.id,
      value: 12.3457,
      attributes: { contact: 'cellular', age: 33, loan: false },
    });
    const [event] =
      await db.sql`select * from feed_outbox where workspace_id = ${ctx.workspace.id} and topic = 'outcomes'`;
    expect(event).toMatchObject({
      topic: 'outcomes',
      type: 'outcome.recorded',
      key: reply.items[0]?.id,
      rev: 1,
      seq: null,
    });
    expect(event?.['payload']).toMatchObject({
      externalId: 'x-1',
      subject: 'client 1',
      position: null,
      revision: 1,
    });
    const [audit] = await db.sql`select * from audit_log where workspace_id = ${ctx.workspace.id}`;
    expect(audit).toMatchObject({
      action: 'outcome.recorded',
      target_id: reply.items[0]?.id,
      actor_label: ctx.actor.name,
    });
    expect(app.rings).toEqual(expect.objectContaining({ log: [ctx.workspace.id], feed: 1 }));
  });

  it('keeps the order of the items in ids and in the log', async () => {
    const reply = await record(
      Array.from({ length: 5_000 }, (_, i) =>
        input({ subject: `s${i}`, externalId: `e${(i * 7919) % 5000}` }),
      ),
    );
    const ids = reply.items.map((item) => item.id);
    expect(ids).toEqual([...ids].sort());
    const rows = await db.sql<{ outcome_id: string }[]>`
      select outcome_id from log_entries where workspace_id = ${ctx.workspace.id} order by id`;
    expect(rows.map((row) => row.outcome_id)).toEqual(ids);
  });

  it('writes one audit row and one feed event per hundred above fifty outcomes, every outcome in exactly one', async () => {
    const reply = await record(Array.from({ length: 250 }, (_, i) => input({ subject: `s${i}` })));
    expect(await counts()).toMatchObject({ outcomes: 250, entries: 250, audits: 3, events: 3 });
    const events = await db.sql<{ key: string; payload: { items: { id: string }[] } }[]>`
      select key, payload from feed_outbox where workspace_id = ${ctx.workspace.id} and topic = 'outcomes' order by wid`;
    expect(events.map((event) => event.payload.items.length)).toEqual([100, 100, 50]);
    expect(events.flatMap((event) => event.payload.items.map((item) => item.id))).toEqual(
      reply.items.map((item) => item.id),
    );
    expect(events[0]?.key).toBe(`bulk/${reply.items[0]?.id}`);
  });

  it('takes the time of the database when none is given, and the given one otherwise', async () => {
    await record([input(), input({ occurredAt: '2026-03-01T16:30:00+02:00' })]);
    const rows = await db.sql<{ occurred_at: Date; recorded_at: Date }[]>`
      select occurred_at, recorded_at from outcomes where workspace_id = ${ctx.workspace.id} order by id`;
    expect(rows[0]?.occurred_at).toEqual(rows[0]?.recorded_at);
    expect(rows[1]?.occurred_at.toISOString()).toBe('2026-03-01T14:30:00.000Z');
  });
});

describe('an externalId that was seen before', () => {
  it('adds nothing and says whether the content differs', async () => {
    const first = await record([input({ externalId: 'a', value: 1, attributes: { x: 'p', y: 1 } })]);
    const again = await record([
      input({ externalId: 'a', value: 1.00001, attributes: { y: 1, x: 'p', z: null } }),
      input({ externalId: 'b' }),
    ]);
    expect(again).toMatchObject({ accepted: 1, duplicates: 1 });
    expect(again.items[0]).toEqual({ id: first.items[0]?.id, externalId: 'a', duplicate: true });
    const other = await record([input({ externalId: 'a', result: 'failure', attributes: { fresh: 1 } })]);
    expect(other.items[0]).toMatchObject({ duplicate: true, differs: true });
    expect(await counts()).toMatchObject({ outcomes: 2, entries: 2, attributes: 2 });
  });

  it('is written once by requests that have a key of their own each', async () => {
    for (let round = 0; round < 4; round += 1) {
      const same = input({ externalId: `k${round}` });
      const replies = await Promise.all(
        Array.from({ length: 8 }, (_, i) =>
          recordOutcomesOnce(
            ctx,
            [same],
            { source: 'api' },
            { key: `${round}/${i}`, fingerprint: `${round}/${i}` },
          ),
        ),
      );
      expect(replies.filter(({ reply }) => reply.accepted === 1)).toHaveLength(1);
      expect(new Set(replies.map(({ reply }) => reply.items[0]?.id)).size).toBe(1);
      expect(await counts()).toMatchObject({ outcomes: round + 1, audits: round + 1, events: round + 1 });
    }
  });

  it('rings nothing when all are duplicates', async () => {
    await record([input({ externalId: 'a' })]);
    app.rings.log = [];
    await record([input({ externalId: 'a' })]);
    expect(app.rings.log).toEqual([]);
  });

  it('is refused twice within one request, with nothing written', async () => {
    const error = await refusal(record([input({ externalId: 'a' }), input(), input({ externalId: 'a' })]));
    expect(error.code).toBe('VALIDATION');
    expect(error.issues).toMatchObject([{ index: 2, path: 'externalId' }]);
    expect(await counts()).toMatchObject({ outcomes: 0, entries: 0, audits: 0, events: 0 });
  });

  it('is written once by eight writers at the same time, whatever their order', async () => {
    // More than one round: in the first, connections are still being opened and writers hardly meet.
    for (let round = 1; round <= 4; round += 1) {
      const ids = Array.from({ length: 200 }, (_, i) => `r${round}-${i}`);
      const replies = await Promise.all(
        Array.from({ length: 8 }, (_, writer) => {
          const shuffled = ids.map((id, i) => ids[(i * 37 + writer * 11) % 200] ?? id);
          return record(shuffled.map((externalId) => input({ externalId, subject: `w${writer}` })));
        }),
      );
      expect(replies.reduce((sum, reply) => sum + reply.accepted, 0)).toBe(200);
      expect(replies.reduce((sum, reply) => sum + reply.duplicates, 0)).toBe(1400);
      const items = replies.flatMap((reply) => reply.items);
      const owner = new Map(
        items.filter((item) => !item.duplicate).map((item) => [item.externalId, item.id]),
      );
      for (const item of items) expect(item.id).toBe(owner.get(item.externalId));
      expect(await counts()).toMatchObject({ outcomes: 200 * round, entries: 200 * round });
    }
  });
});

describe('types of attributes', () => {
  it('are fixed by the first outcome that carries them', async () => {
    await record([input({ attributes: { age: 33 } })]);
    const error = await refusal(
      record([input({ attributes: { age: 34 } }), input({ attributes: { age: '33', job: 'x' } })]),
    );
    expect(error.issues).toMatchObject([{ index: 1, path: 'attributes.age' }]);
    expect(error.issues[0]?.message).toContain('was first recorded as a number, and this is text');
    expect(await counts()).toMatchObject({ outcomes: 1, entries: 1, attributes: 1 });
  });

  it('are fixed within a request by its first item', async () => {
    const error = await refusal(
      record([input({ attributes: { k: true } }), input({ attributes: { k: 1 } })]),
    );
    expect(error.issues).toMatchObject([{ index: 1, path: 'attributes.k' }]);
    expect(await counts()).toMatchObject({ outcomes: 0, attributes: 0 });
  });

  it('have one winner when eight writers bring different types at the same time', async () => {
    const values = ['text', 7, true];
    for (let round = 0; round < 10; round += 1) {
      const keys = [`a${round}`, `b${round}`];
      const results = await Promise.allSettled(
        Array.from({ length: 8 }, (_, writer) => {
          const value = values[writer % 3];
          const order = writer % 2 === 0 ? keys : [...keys].reverse();
          return record([input({ attributes: Object.fromEntries(order.map((key) => [key, value])) })]);
        }),
      );
      for (const result of results) {
        if (result.status === 'rejected') expect((result.reason as AppError).code).toBe('VALIDATION');
      }
      expect(results.some((result) => result.status === 'fulfilled')).toBe(true);
    }
    const mixed = await db.sql`
      select a.key from log_entries as e, jsonb_each(e.attributes) as v join attributes as a on a.key = v.key
      where e.workspace_id = ${ctx.workspace.id} and a.workspace_id = ${ctx.workspace.id}
        and jsonb_typeof(v.value) <> a.type`;
    expect(mixed).toHaveLength(0);
    expect(await counts()).toMatchObject({ attributes: 20 });
  });

  it('leave nothing behind when the request is refused, so that another type may come first', async () => {
    await refusal(record([input({ attributes: { k: 1 } }), input({ journeyId: randomUUID() })]));
    expect((await record([input({ attributes: { k: 'text' } })])).accepted).toBe(1);
    expect((await refusal(record([input({ attributes: { k: 1 } })]))).issues).toMatchObject([
      { index: 0, path: 'attributes.k' },
    ]);
  });

  it('hold on every instance, also on one that has met other attributes only', async () => {
    const elsewhere = { ...ctx, app: await createTestApp(db.database) };
    await recordOutcomes(elsewhere, [input({ attributes: { met: 1 } })], { source: 'api' });
    await record([input({ attributes: { k: 1 } })]);
    const error = await refusal(
      recordOutcomes(elsewhere, [input({ attributes: { met: 1, k: 'text' } })], { source: 'api' }),
    );
    expect(error.issues).toMatchObject([{ index: 0, path: 'attributes.k' }]);
  });
});

describe('the way to the database', () => {
  /** Statements that `act` sends, as the driver prepares them. */
  async function statementsOf(act: () => Promise<unknown>): Promise<string[]> {
    const statements: string[] = [];
    db.sql.options.debug = (_connection, statement) => statements.push(statement.trim());
    try {
      await act();
    } finally {
      db.sql.options.debug = false;
    }
    return statements;
  }

  it('is one statement that reserves and one that writes everything, whose transaction is its own', async () => {
    const outcome = input({ attributes: { age: 33, job: 'x' } });
    await record([outcome]);
    // The first request fixed the types, the second learned them.
    await record([outcome]);
    const statements = await statementsOf(() => record([outcome]));
    expect(statements).toHaveLength(2);
    expect(statements[0]).toContain('nextval');
    for (const table of ['outcomes', 'log_entries', 'audit_log', 'feed_outbox'])
      expect(statements[1]).toContain(`insert into ${table} `);
    expect(await counts()).toMatchObject({ outcomes: 3, entries: 3, audits: 3, events: 3 });
  });

  it('leaves no part of that statement when another part fails', async () => {
    await record([input()]);
    await db.sql.unsafe(
      `alter table feed_outbox add constraint refused check (workspace_id <> '${ctx.workspace.id}' or key not like 'bulk/%')`,
    );
    try {
      await expect(record(Array.from({ length: 60 }, () => input()))).rejects.toThrow(/refused/);
    } finally {
      await db.sql`alter table feed_outbox drop constraint refused`;
    }
    expect(await counts()).toMatchObject({ outcomes: 1, entries: 1, audits: 1, events: 1 });
  });
});

describe('journeys', () => {
  it('are closed by the outcome that names them, with its result', async () => {
    const { journey } = await openJourney(ctx, { subject: 'client 1' });
    const reply = await record([input({ journeyId: journey.id, result: 'failure' })]);
    const [row] = await db.sql`select state, outcome_id from journeys where id = ${journey.id}`;
    expect(row).toEqual({ state: 'failed', outcome_id: reply.items[0]?.id });
  });

  it('that are unknown, closed or of another workspace are refused with nothing written', async () => {
    const other = testContext(app, await createTestWorkspace(db.database));
    const { journey: foreign } = await openJourney(other, { subject: 's' });
    const { journey } = await openJourney(ctx, { subject: 's' });
    await record([input({ journeyId: journey.id })]);
    const before = await counts();
    for (const journeyId of [randomUUID(), foreign.id, journey.id]) {
      const error = await refusal(record([input(), input({ journeyId })]));
      expect(error.issues).toMatchObject([{ index: 1, path: 'journeyId' }]);
    }
    expect(await counts()).toEqual(before);
  });

  it('are closed once by eight writers at the same time', async () => {
    const { journey } = await openJourney(ctx, { subject: 's' });
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () => record([input({ journeyId: journey.id })])),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    expect(await counts()).toMatchObject({ outcomes: 1 });
  });

  it('do not stand in the way of a duplicate of the outcome that closed them', async () => {
    const { journey } = await openJourney(ctx, { subject: 's' });
    const same = input({ externalId: 'j', journeyId: journey.id });
    await record([same]);
    expect((await record([same])).items[0]).toMatchObject({ duplicate: true });
  });
});

describe('what is refused', () => {
  it.each([
    ['subject', { subject: ' ' }],
    ['result', { result: 'won' }],
    ['value', { value: 1e10 }],
    ['value', { value: '12' }],
    ['occurredAt', { occurredAt: 'yesterday' }],
    ['occurredAt', { occurredAt: '0000-01-01T00:00:00Z' }],
    ['occurredAt', { occurredAt: new Date(Date.now() + 2 * 86_400_000).toISOString() }],
    ['journeyId', { journeyId: 'x' }],
    ['attributes.a:b', { attributes: { 'a:b': 1 } }],
    ['attributes.a', { attributes: { a: { b: 1 } } }],
    ['attributes.a', { attributes: { a: 'nul\0' } }],
    ['subject', { subject: '\ud800' }],
    ['attributes.__proto__', JSON.parse('{"attributes":{"__proto__":"x"}}') as object],
    ['attributes', { attributes: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, 1])) }],
    ['', { surprise: 1 }],
  ])('names the field %s', async (path, wrong) => {
    const error = await refusal(record([input(), input(wrong)]));
    expect(error.code).toBe('VALIDATION');
    expect(error.issues.map((issue) => [issue.index, issue.path])).toContainEqual([1, path]);
    expect(await counts()).toMatchObject({ outcomes: 0, entries: 0 });
  });

  it('refuses more than 5,000 and none at all', async () => {
    expect((await refusal(record(Array.from({ length: 5_001 }, () => input())))).issues).toMatchObject([
      { path: 'outcomes' },
    ]);
    expect((await refusal(record([]))).issues).toMatchObject([{ path: 'outcomes' }]);
  });

  it('keeps real and simulated outcomes apart', async () => {
    const simulated = testContext(app, await createTestWorkspace(db.database, { simulated: true }));
    expect((await refusal(recordOutcomes(simulated, [input()], { source: 'form' }))).code).toBe('FORBIDDEN');
    expect((await refusal(recordOutcomes(ctx, [input()], { source: 'simulator' }))).code).toBe('FORBIDDEN');
    expect((await recordOutcomes(simulated, [input()], { source: 'simulator' })).accepted).toBe(1);
  });

  it('refuses a person who may only look', async () => {
    const viewer = testContext(app, ctx.workspace, testUser(), 'viewer');
    expect((await refusal(recordOutcomes(viewer, [input()], { source: 'api' }))).code).toBe('FORBIDDEN');
  });
});

describe('an Idempotency-Key', () => {
  const once = (key: string, fingerprint = 'f') => ({ key, fingerprint });

  it('makes a repetition change nothing and answer the same', async () => {
    const first = await recordOutcomesOnce(ctx, [input(), input()], { source: 'api' }, once('k'));
    const again = await recordOutcomesOnce(ctx, [input(), input()], { source: 'api' }, once('k'));
    expect(first.replayed).toBe(false);
    expect(again.replayed).toBe(true);
    expect(JSON.stringify(again.reply)).toBe(JSON.stringify(first.reply));
    expect(await counts()).toMatchObject({ outcomes: 2 });
  });

  it('refuses another request under the same key, and is free again after a day', async () => {
    await recordOutcomesOnce(ctx, [input()], { source: 'api' }, once('k'));
    const error = await refusal(recordOutcomesOnce(ctx, [input()], { source: 'api' }, once('k', 'other')));
    expect(error.code).toBe('VALIDATION');
    await db.sql`update idempotency_keys set created_at = now() - interval '25 hours'`;
    expect((await recordOutcomesOnce(ctx, [input()], { source: 'api' }, once('k', 'other'))).replayed).toBe(
      false,
    );
    expect(await counts()).toMatchObject({ outcomes: 2 });
  });

  it('belongs to one actor', async () => {
    await recordOutcomesOnce(ctx, [input()], { source: 'api' }, once('k'));
    const other = testContext(app, ctx.workspace, testUser());
    expect((await recordOutcomesOnce(other, [input()], { source: 'api' }, once('k'))).replayed).toBe(false);
  });

  it('has one effect when eight requests come at once; the others get the answer or are told to wait', async () => {
    // Again and again: whether one slips in between another's look and its lock is a matter of luck.
    for (let round = 1; round <= 20; round += 1) {
      const results = await Promise.allSettled(
        Array.from({ length: 8 }, () =>
          recordOutcomesOnce(ctx, [input()], { source: 'api' }, once(`k${round}`)),
        ),
      );
      for (const result of results) {
        if (result.status === 'rejected') expect((result.reason as AppError).code).toBe('CONFLICT');
      }
      expect(await counts()).toMatchObject({ outcomes: round });
    }
  });

  it('keeps nothing of a request that failed', async () => {
    await refusal(
      recordOutcomesOnce(ctx, [input({ journeyId: randomUUID() })], { source: 'api' }, once('k')),
    );
    expect((await recordOutcomesOnce(ctx, [input()], { source: 'api' }, once('k', 'mended'))).replayed).toBe(
      false,
    );
  });
});
