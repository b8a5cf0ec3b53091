import { afterEach, describe, expect, it } from 'vitest';
import type { OutcomeInput } from '#lib/contracts/outcome.ts';
import type { MetricsView } from '#lib/contracts/metrics.ts';
import { chooseSearched, cutAttribute, declareBands } from '#lib/server/services/attributes/index.ts';
import { recordOutcomes } from '#lib/server/services/outcomes/index.ts';
import {
  lookupPattern,
  patternTrajectory,
  patternWhy,
  searchFamily,
} from '#lib/server/services/patterns/index.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';
import { settled, startTestApp, type TestApp } from '../../support/test-app.ts';
import { until } from '../../support/running-server.ts';

let databases: TestDatabase[] = [];
let apps: TestApp[] = [];

async function start(beside?: TestApp): Promise<TestApp> {
  let url = beside?.app.db.url;
  if (url === undefined) {
    const database = await createTestDatabase({ max: 2 });
    databases.push(database);
    ({ url } = database);
  }
  const app = await startTestApp(url, beside === undefined ? {} : { workspace: beside.workspace });
  apps.push(app);
  return app;
}

async function end(app: TestApp): Promise<void> {
  apps = apps.filter((other) => other !== app);
  await app.stop();
}

afterEach(async () => {
  for (const app of apps) await app.stop();
  for (const database of databases) await database.drop();
  apps = [];
  databases = [];
});

const random = seededRandom(11);
const people = (count: number): OutcomeInput[] =>
  Array.from({ length: count }, (_, i) => ({
    subject: `client ${i}`,
    result: random() < 0.3 ? 'success' : 'failure',
    attributes: {
      contact: random() < 0.5 ? 'cellular' : 'telephone',
      age: 18 + Math.floor(random() * 50),
      balance: Math.floor(random() * 3_000),
    },
  }));

/** Everything that lists and lookups are made of. */
async function knownBy(one: TestApp) {
  const knowledge = await one.app.folds.of(one.workspace.id);
  const { items } = knowledge.listPatterns({ sort: 'label', view: 'all', limit: 1_000 });
  return {
    asOf: knowledge.asOf,
    attributes: knowledge.attributes(),
    patterns: items.map(({ id, label, n, successes, since }) => ({ id, label, n, successes, since })),
  };
}

const settingsPlaced = (one: TestApp, count: number) =>
  until(`${count} settings are in force`, async () => {
    const [row] = await one.app.db.sql<{ placed: number }[]>`
      select count(*) as placed from setting_entries
      where workspace_id = ${one.workspace.id} and effective_after is not null and recorded_by <> 'fold'`;
    return row?.placed === count;
  });

const stateOf = async (one: TestApp, key: string) =>
  (await knownBy(one)).attributes.find((attribute) => attribute.key === key)?.state;

describe('settings of the fold', () => {
  it('reach the leader, its followers and whoever takes over, and a refold gives the same', async () => {
    const first = await start();
    await recordOutcomes(first.ctx, people(100), { source: 'api' });
    await settled(first);
    const second = await start(first);
    await settled(second);
    await cutAttribute(first.ctx, 'age');
    for (const one of [first, second]) {
      await until('age has bins everywhere', async () => (await stateOf(one, 'age')) === 'binned');
    }
    await end(first);
    await recordOutcomes(second.ctx, people(600), { source: 'api' });
    expect(await settled(second)).toBe(700);
    const stored = await second.app.db.sql`
      select kind from setting_entries where workspace_id = ${second.workspace.id} and payload ->> 'attribute' = 'age'
        and kind = 'attribute.bins'`;
    expect(stored).toHaveLength(1);
    const refolded = await start(second);
    expect(await knownBy(refolded)).toEqual(await knownBy(second));
  });

  it('placed together take effect in one order, live and in a refold', async () => {
    const one = await start();
    await recordOutcomes(one.ctx, people(120), { source: 'api' });
    await settled(one);
    const { sql } = one.app.db;
    await sql`
      insert into setting_entries (workspace_id, kind, payload, recorded_by) values
        (${one.workspace.id}, 'attribute.cut', ${sql.json({ attribute: 'balance' })}, 'test'),
        (${one.workspace.id}, 'attribute.bands', ${sql.json({ attribute: 'age', edges: [30, 45] })}, 'test')`;
    one.app.doorbell.ringLog(one.workspace.id);
    await settingsPlaced(one, 2);
    await until(
      'both have bins',
      async () => (await stateOf(one, 'age')) === 'binned' && (await stateOf(one, 'balance')) === 'binned',
    );
    await recordOutcomes(one.ctx, people(200), { source: 'api' });
    await settled(one);
    const live = await knownBy(one);
    const refolded = await start(one);
    expect(await knownBy(refolded)).toEqual(live);
  });

  it('that commit late are not missed, whatever their ids', async () => {
    const one = await start();
    await recordOutcomes(one.ctx, people(100), { source: 'api' });
    await settled(one);
    const { sql } = one.app.db;
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const late = sql.begin(async (tx) => {
      await tx`insert into setting_entries (workspace_id, kind, payload, recorded_by)
        values (${one.workspace.id}, 'attribute.cut', ${tx.json({ attribute: 'balance' })}, 'test')`;
      await held;
    });
    await cutAttribute(one.ctx, 'age');
    await until('age has bins', async () => (await stateOf(one, 'age')) === 'binned');
    release();
    await late;
    one.app.doorbell.ringLog(one.workspace.id);
    await until('balance has bins', async () => (await stateOf(one, 'balance')) === 'binned');
  });

  it('that change the past are followed by figures for everybody who watches', async () => {
    const one = await start();
    await recordOutcomes(one.ctx, people(600), { source: 'api' });
    await settled(one);
    const { sql } = one.app.db;
    const events = () => sql<{ count: number }[]>`
      select count(*) as count from feed_outbox where workspace_id = ${one.workspace.id} and type = 'pattern.updated'`;
    const before = (await events())[0]?.count ?? 0;
    await chooseSearched(one.ctx, { attributes: ['contact', 'balance'] });
    await until('age is not searched any more', async () => (await stateOf(one, 'age')) === 'stored');
    await until('the feed has the new figures', async () => ((await events())[0]?.count ?? 0) > before);
    await declareBands(one.ctx, 'balance', { edges: [500, 1_000] });
    await until(
      'the bands hold',
      async () => (await knownBy(one)).attributes.find(({ key }) => key === 'balance')?.edges?.length === 2,
    );
    const live = await knownBy(one);
    expect(await knownBy(await start(one))).toEqual(live);
  });
});

describe('what a log read anew no longer holds', () => {
  it('is retired, and its confirmations lower nobody’s line', async () => {
    const one = await start();
    const grown: OutcomeInput[] = people(900).map((person) => ({
      ...person,
      result: random() < (Number(person.attributes['age']) < 30 ? 0.8 : 0.1) ? 'success' : 'failure',
    }));
    await recordOutcomes(one.ctx, grown, { source: 'api' });
    await settled(one);
    expect((await searchFamily(one.ctx)).rejections).toBeGreaterThan(0);
    const statuses = async () => {
      const rows = await one.app.db.sql<{ status: string }[]>`
        select status from patterns where workspace_id = ${one.workspace.id} and label like 'age%'`;
      return rows.map(({ status }) => status);
    };
    await until('their rows are there', async () => (await statuses()).includes('confirmed'));
    await chooseSearched(one.ctx, { attributes: ['contact', 'balance'] });
    await until('age is not searched any more', async () => (await stateOf(one, 'age')) === 'stored');
    await settled(one);
    const of = async (app: TestApp) => {
      const { item } = await lookupPattern(app.ctx, ['contact:cellular']);
      const { budget } = await patternWhy(app.ctx, item.id ?? '');
      const { needed } = await patternTrajectory(app.ctx, item.id ?? '');
      return { rejections: budget.rejections, needed: budget.logENeeded, line: needed.at(-1)?.logE };
    };
    const now = await of(one);
    expect(now.rejections).toBe(0);
    expect(now.line).toBeCloseTo(now.needed, 9);
    await until('their rows say so', async () => (await statuses()).every((status) => status === 'retired'));
    expect(await of(await start(one))).toEqual(now);
  });
});

describe('figures of the feed', () => {
  it('say that nothing waits when nothing waits', async () => {
    const one = await start();
    await recordOutcomes(one.ctx, people(5), { source: 'api' });
    await settled(one);
    const last = await until('the last metrics', async () => {
      const [row] = await one.app.db.sql<{ payload: MetricsView }[]>`
        select payload from feed_outbox where workspace_id = ${one.workspace.id} and type = 'metrics.updated'
        order by wid desc limit 1`;
      return row?.payload.asOf === 5 ? row.payload : null;
    });
    expect(last).toMatchObject({ asOf: 5, head: 5, waiting: 0, behindMs: 0 });
  });

  it('follow a change of the time zone', async () => {
    const one = await start();
    const { sql } = one.app.db;
    await sql`update workspaces set timezone = 'Pacific/Kiritimati' where id = ${one.workspace.id}`;
    const at = '2026-03-01T12:00:00Z';
    await recordOutcomes(one.ctx, [{ subject: 'a', result: 'success', occurredAt: at }], { source: 'api' });
    await settled(one);
    const [row] = await sql<{ local_day: number }[]>`
      select local_day from log_entries where workspace_id = ${one.workspace.id}`;
    // UTC+14: noon of the first is two in the morning of the second.
    expect(row?.local_day).toBe(Date.parse('2026-03-02') / 86_400_000);
  });
});
