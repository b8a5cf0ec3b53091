import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogFacts } from '#lib/domain/outcomes/log-facts.ts';
import { seededRandom } from '#lib/domain/random/seeded-random.ts';
import { logger } from '#lib/server/logger.ts';
import { createFoldPool, type FoldPool } from '#lib/server/recalculation/index.ts';
import { emptyMemory } from '#lib/server/recalculation/fold-memory.ts';
import { FoldSteps } from '#lib/server/recalculation/fold-steps.ts';
import type { StoredSetting } from '#lib/server/recalculation/log-store.ts';
import { PatternAnswers } from '#lib/server/recalculation/pattern-answers.ts';
import { PatternHistory } from '#lib/server/recalculation/pattern-history.ts';
import { thinHistory } from '#lib/server/recalculation/thin-history.ts';
import { CUBE, LogWriter, settledLone, startLoneFold } from '../../support/lone-fold.ts';
import { projectRoot, until } from '../../support/running-server.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';
import { createTestWorkspace } from '../../support/test-workspace.ts';

let db: TestDatabase;
let pool: FoldPool;

beforeAll(async () => {
  db = await createTestDatabase();
  pool = createFoldPool({ root: projectRoot, threads: 2, logger });
});
afterAll(async () => {
  await pool.stop();
  await db.drop();
});

const random = seededRandom('history');
const entry = (position: number): LogFacts => {
  const hook = random.below(2) === 0 ? 'question' : 'claim';
  return {
    position,
    kind: 'add',
    retracts: null,
    result: random.next() < (hook === 'question' ? 0.6 : 0.2) ? 'success' : 'failure',
    value: null,
    attributes: { hook, topic: ['music', 'sport', 'news'][random.below(3)] ?? 'news' },
    localDay: 0,
    recordedAtMs: position,
  };
};

interface Row {
  pattern_id: string;
  position: number;
  n: number;
  confidence: number;
  confidence_worse: number;
  confidence_before: number | null;
  status: string;
  events: { kind: string; position: number }[] | null;
}

const rowsOf = (workspaceId: string) => db.sql<Row[]>`
  select * from pattern_history where workspace_id = ${workspaceId} order by pattern_id, position`;

/** Every row follows the rule of what is kept, and the row before it. */
function expectSound(rows: readonly Row[]): void {
  const last = new Map<string, Row>();
  for (const row of rows) {
    const before = last.get(row.pattern_id);
    last.set(row.pattern_id, row);
    expect(row.confidence_before).toBe(before?.confidence ?? null);
    if (before === undefined) continue;
    const moved =
      Math.abs(row.confidence - before.confidence) >= 0.01 ||
      Math.abs(row.confidence_worse - before.confidence_worse) >= 0.01;
    const grew = Math.abs(row.n - before.n) >= Math.max(1, 0.05 * before.n);
    expect(moved || grew || row.status !== before.status || row.events !== null).toBe(true);
  }
}

/** Holds up whoever writes to the history, until disposed of. */
async function heldHistory() {
  const holder = await db.sql.reserve();
  await holder`begin`;
  await holder`lock table pattern_history in access exclusive mode`;
  return {
    /** Ends the connection of whoever waits; false while nobody does. */
    cutOffWaiting: async () => {
      const cut = await holder`
        select pg_terminate_backend(pid) from pg_locks
        where relation = 'pattern_history'::regclass and not granted`;
      return cut.length > 0;
    },
    async [Symbol.asyncDispose]() {
      await holder`rollback`;
      holder.release();
    },
  };
}

describe('the history of patterns', () => {
  it('goes on where a killed leader left it: nothing twice, nothing left out', async () => {
    const workspace = await createTestWorkspace(db.database);
    const log = new LogWriter(db.sql, workspace.id);
    let position = 0;
    for (let life = 0; life < 6; life += 1) {
      const fold = await startLoneFold(db.url, workspace.id, pool);
      for (let batch = 0; batch < 8; batch += 1) {
        await log.write(Array.from({ length: 30 }, () => entry((position += 1))));
        fold.fold.wake();
        if (batch % 2 === 0) await settledLone(db.sql, workspace.id, fold);
      }
      // In the middle of whatever it does.
      await fold.crash();
    }
    const fold = await startLoneFold(db.url, workspace.id, pool);
    await settledLone(db.sql, workspace.id, fold);
    const rows = await rowsOf(workspace.id);
    expectSound(rows);
    expect(rows.length).toBeGreaterThan(100);
    // Each life has read the log from its first entry, and found what is there.
    expect(rows.every(({ events }) => !events?.some(({ kind }) => kind === 'reread'))).toBe(true);
    // What the fold says has happened is there, each once.
    const happened = rows.flatMap(({ pattern_id: id, events }) =>
      (events ?? []).map(({ kind, position: at }) => `${id} ${kind} ${at}`),
    );
    expect(new Set(happened).size).toBe(happened.length);
    for (const pattern of fold.fold.knowledge.listPatterns({ sort: 'n', view: 'all', limit: 1_000 }).items) {
      if (pattern.confirmedAt !== null) {
        expect(happened).toContain(`${pattern.id} confirmed ${pattern.confirmedAt}`);
      }
    }
    await fold.stop();
  });

  it('holds what a setting did once, though leaders die between storing it and having applied it', async () => {
    const workspace = await createTestWorkspace(db.database);
    const log = new LogWriter(db.sql, workspace.id);
    const entries = Array.from({ length: 200 }, (_, i) => entry(i + 1));
    await log.write(entries);
    let one = await startLoneFold(db.url, workspace.id, pool);
    await settledLone(db.sql, workspace.id, one);

    /** Kills the leader while the transaction that applies is held up at the history. */
    async function killedWhileApplying(): Promise<void> {
      await using held = await heldHistory();
      one.fold.wake();
      await until('the history waits', () => held.cutOffWaiting());
      await one.crash();
    }
    const set = (kind: string, payload: object) => db.sql`
      insert into setting_entries (workspace_id, kind, payload, recorded_by)
      values (${workspace.id}, ${kind}, ${db.sql.json(payload as never)}, 'user:test')`;
    const happened = async (kind: string) => {
      const rows = await rowsOf(workspace.id);
      return rows.flatMap(({ pattern_id: id, events }) =>
        (events ?? []).filter((event) => event.kind === kind).map(({ position }) => `${id} ${position}`),
      );
    };

    await set('pattern.pin', { conditions: [{ attribute: 'hook', value: 'question' }] });
    for (let death = 0; death < 2; death += 1) {
      await killedWhileApplying();
      one = await startLoneFold(db.url, workspace.id, pool);
      await one.fold.ready();
    }
    await settledLone(db.sql, workspace.id, one);
    expect(await happened('pinned')).toHaveLength(1);

    // A replay's swap is a setting too.
    const [first] = entries;
    if (first === undefined) throw new Error('no entry');
    await log.write([{ ...first, position: 201, kind: 'retract', retracts: 1 }]);
    one.fold.wake();
    expect(await one.fold.waitFor(201, 10_000)).toBe(true);
    await killedWhileApplying();
    one = await startLoneFold(db.url, workspace.id, pool);
    await settledLone(db.sql, workspace.id, one);
    const recounted = await happened('recounted');
    expect(recounted).toHaveLength(3);
    expect(new Set(recounted).size).toBe(3);
    await one.stop();
  });

  it('holds what a log read anew has found, once, though leaders die before they have written it', async () => {
    const workspace = await createTestWorkspace(db.database);
    const log = new LogWriter(db.sql, workspace.id);
    const scored = (position: number): LogFacts => {
      const score = random.below(10);
      const { attributes, ...facts } = entry(position);
      const rate = score >= 8 ? 0.9 : 0.3;
      return {
        ...facts,
        result: random.next() < rate ? 'success' : 'failure',
        attributes: { ...attributes, score },
      };
    };
    const band = (edge: number) => db.sql`
      insert into setting_entries (workspace_id, kind, payload, recorded_by)
      values (${workspace.id}, 'attribute.bands', ${db.sql.json({ attribute: 'score', edges: [edge] })}, 'user:test')`;
    await band(5);
    await log.write(Array.from({ length: 300 }, (_, i) => scored(i + 1)));
    let one = await startLoneFold(db.url, workspace.id, pool);
    await settledLone(db.sql, workspace.id, one);
    const before = await rowsOf(workspace.id);
    expect(before.length).toBeGreaterThan(10);
    expect(before.every(({ events }) => !events?.some(({ kind }) => kind === 'reread'))).toBe(true);

    await band(8);
    {
      await using held = await heldHistory();
      for (let death = 0; death < 3; death += 1) {
        one.fold.wake();
        await until('the history waits', () => held.cutOffWaiting());

        await one.crash();
        one = await startLoneFold(db.url, workspace.id, pool);
      }
    }
    await settledLone(db.sql, workspace.id, one);
    const isReading = ({ events }: Row) => events?.some(({ kind }) => kind === 'reread') === true;
    await until('what it found is kept', async () => (await rowsOf(workspace.id)).some(isReading));
    const { knowledge } = one.fold;
    const { items } = knowledge.listPatterns({ sort: 'n', view: 'all', limit: 1_000 });
    const high = items.find(({ label }) => label === 'score ≥ 8');
    expect(high).toMatchObject({ status: expect.stringMatching(/emerging|confirmed/) as string });

    const rows = await rowsOf(workspace.id);
    expectSound(rows);
    const readings = rows.filter(isReading);
    expect(new Set(readings.map(({ pattern_id: id }) => id)).size).toBe(readings.length);
    const found = readings.find(({ pattern_id: id }) => id === high?.id);
    expect(found).toMatchObject({ position: 300, n: high?.n, status: high?.status });
    expect(found?.events?.at(0)).toMatchObject({ kind: 'reread', position: 300 });
    expect(found?.events?.findLast(({ kind }) => kind === high?.status)?.position).toBe(high?.statusAt);
    // What stands is in the last reading of each, whichever that is.
    for (const pattern of items) {
      const own = rows.filter(({ pattern_id: id }) => id === pattern.id);
      const events = own.flatMap((row) => row.events ?? []);
      const last = events.slice(events.findLastIndex(({ kind }) => kind === 'reread') + 1);
      expect(last.findLast(({ kind }) => kind === 'confirmed')?.position ?? null).toBe(pattern.confirmedAt);
      expect(own.at(-1)).toMatchObject({ n: pattern.n, status: pattern.status });
    }
    // Only where it differs is there another.
    expect(readings.length).toBeLessThan(items.length);

    await one.crash();
    one = await startLoneFold(db.url, workspace.id, pool);
    await settledLone(db.sql, workspace.id, one);
    expect(await rowsOf(workspace.id)).toEqual(rows);
    await log.write(Array.from({ length: 60 }, (_, i) => scored(301 + i)));
    await settledLone(db.sql, workspace.id, one);
    expectSound(await rowsOf(workspace.id));
    await one.stop();
  });

  it('ends with a last point where a pattern leaves its place, and the row is retired', async () => {
    const workspace = await createTestWorkspace(db.database);
    const log = new LogWriter(db.sql, workspace.id);
    const rare = { ...entry(1), attributes: { topic: 'rare' } };
    const entries = [rare, ...Array.from({ length: 59 }, (_, i) => entry(i + 2))];
    await log.write(entries);
    const one = await startLoneFold(db.url, workspace.id, pool);
    const choose = async (kind: string) => {
      const payload = { conditions: [{ attribute: 'topic', value: 'rare' }] };
      await db.sql`
        insert into setting_entries (workspace_id, kind, payload, recorded_by)
        values (${workspace.id}, ${kind}, ${db.sql.json(payload)}, 'user:test')`;
      await settledLone(db.sql, workspace.id, one);
    };
    await settledLone(db.sql, workspace.id, one);
    await choose('pattern.pin');
    const { item } = one.fold.knowledge.lookupWhere(['topic:rare']);
    const lastOf = async () =>
      (await rowsOf(workspace.id)).filter(({ pattern_id: id }) => id === item.id).at(-1);
    await log.write([entry(61)]);
    await settledLone(db.sql, workspace.id, one);
    await choose('pattern.unpin');
    expect(one.fold.knowledge.getPattern(item.id ?? '')).toBeNull();
    expect(await lastOf()).toMatchObject({ position: 61, n: 1, status: 'retired' });
    expect((await lastOf())?.events?.map(({ kind }) => kind)).toEqual(['unpinned', 'evicted']);
    const rows = await db.sql`
      select n, status, status_at, pinned from patterns where workspace_id = ${workspace.id} and id = ${item.id}`;
    expect(rows).toEqual([{ n: 1, status: 'retired', status_at: 61, pinned: false }]);
    const [told] = await db.sql<{ payload: { items: unknown[] } }[]>`
      select payload from feed_outbox where workspace_id = ${workspace.id} and type = 'pattern.updated'
      order by wid desc limit 1`;
    expect(told?.payload.items).toMatchObject([
      { id: item.id, n: 1, status: 'retired', statusAt: 61, values: null },
    ]);
    // Back by itself, it is a new one, in this process and in the next.
    await log.write(Array.from({ length: 12 }, (_, i) => ({ ...rare, position: 62 + i })));
    await settledLone(db.sql, workspace.id, one);
    expect(await lastOf()).toMatchObject({ n: 13, confidence_before: null });
    await one.stop();
    expect(await db.sql`select pinned from patterns where id = ${item.id} and status = 'retired'`).toEqual(
      [],
    );
  });

  it('holds both lives of one that leaves and is back within a batch', async () => {
    const workspace = await createTestWorkspace(db.database);
    const rare = (position: number) => ({ ...entry(position), attributes: { topic: 'rare' } });
    const steps = new FoldSteps(pool);
    const answers = new PatternAnswers();
    const history = new PatternHistory(workspace.id, answers);
    let memory = emptyMemory(CUBE, []);
    const decide = (kind: 'pattern.pin' | 'pattern.unpin', effectiveAfter: number, ordinal: number) => ({
      byFold: false,
      recordedAt: '2026-01-05T10:00:00Z',
      entry: {
        kind,
        payload: { conditions: [{ attribute: 'topic', value: 'rare' }] },
        effectiveAfter,
        ordinal,
      },
    });
    const apply = async (from: number, through: number, settings: StoredSetting[]) => {
      const entries = Array.from({ length: through - from + 1 }, (_, i) => ({
        ...rare(from + i),
        id: from + i,
        outcomeId: randomUUID(),
      }));
      const folded = await steps.fold(memory, { entries, settings, priority: 'live' });
      const write = history.writerFor(
        { ...folded, counted: undefined, rest: { count: 0, oldest: null } },
        memory,
      );
      await db.sql.begin(async (tx) => write?.(tx));
      ({ memory } = folded);
      history.moved(memory);
    };
    await apply(1, 5, [decide('pattern.pin', 3, 1)]);
    await apply(6, 40, [decide('pattern.unpin', 6, 2)]);
    const rows = await rowsOf(workspace.id);
    expect(rows.map(({ position, n, status }) => ({ position, n, status }))).toEqual([
      { position: 5, n: 5, status: 'collecting' },
      { position: 40, n: 40, status: 'collecting' },
    ]);
    expect(rows[1]?.events?.map(({ kind, position }) => `${kind} ${position}`)).toEqual([
      'unpinned 6',
      'evicted 6',
    ]);
  });

  it('keeps a point a day of what is old, and all that happened', async () => {
    const workspaceId = randomUUID();
    const insert = (daysAgo: number, position: number, events: unknown = null) => db.sql`
      insert into pattern_history (workspace_id, pattern_id, position, at, n, successes, confidence,
        confidence_worse, log_e, status, events, processing_ms)
      values (${workspaceId}, 'p_one', ${position}, date_trunc('day', now()) - make_interval(days => ${daysAgo})
          + make_interval(secs => ${position}), 1, 1, .5, .1, 0, 'collecting', ${events === null ? null : db.sql.json(events as never)}, 1)`;
    for (let position = 1; position <= 10; position += 1) await insert(100, position);
    await insert(100, 11, [{ kind: 'emerging', side: 'better', position: 11 }]);
    await insert(100, 12);
    for (let position = 21; position <= 30; position += 1) await insert(40, position);
    for (let position = 41; position <= 50; position += 1) await insert(1, position);
    await thinHistory(db.sql, workspaceId);
    const kept = (await rowsOf(workspaceId)).map(({ position }) => position);
    expect(kept).toEqual([11, 12, 30, ...Array.from({ length: 10 }, (_, i) => 41 + i)]);
    await thinHistory(db.sql, workspaceId);
    expect((await rowsOf(workspaceId)).length).toBe(kept.length);
  });
});
