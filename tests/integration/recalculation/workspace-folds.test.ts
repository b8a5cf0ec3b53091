import { afterEach, describe, expect, it, vi } from 'vitest';
import type { OutcomeInput } from '#lib/contracts/outcome.ts';
import {
  correctOutcome,
  deleteOutcome,
  recordOutcomes,
  restoreOutcome,
} from '#lib/server/services/outcomes/index.ts';
import { openJourney } from '#lib/server/services/journeys/index.ts';
import { wilsonInterval } from '#lib/domain/statistics/wilson-interval.ts';
import { bankIsMissing, bankOutcomes, bankTruth } from '../../support/bank-file.ts';
import { HANGS_AT, hangingPool } from '../../support/hanging-pool.ts';
import { until } from '../../support/running-server.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';
import { settled, startTestApp, type TestApp } from '../../support/test-app.ts';

let databases: TestDatabase[] = [];
let apps: TestApp[] = [];

async function start(options: Parameters<typeof startTestApp>[1] & { url?: string } = {}): Promise<TestApp> {
  let { url } = options;
  if (url === undefined) {
    const database = await createTestDatabase({ max: 2 });
    databases.push(database);
    url = database.url;
  }
  const app = await startTestApp(url, options);
  apps.push(app);
  return app;
}

afterEach(async () => {
  for (const app of apps) await app.stop();
  for (const database of databases) await database.drop();
  apps = [];
  databases = [];
});

const call = (
  i: number,
  attributes: OutcomeInput['attributes'],
  result: OutcomeInput['result'],
): OutcomeInput => ({
  subject: `client ${i}`,
  result,
  attributes,
});

/** A small deterministic stream with two attributes and a number. */
const stream = (count: number): OutcomeInput[] =>
  Array.from({ length: count }, (_, i) =>
    call(
      i,
      {
        contact: i % 3 === 0 ? 'cellular' : 'telephone',
        marital: i % 2 === 0 ? 'single' : 'married',
        age: 20 + (i % 41),
      },
      i % 7 === 0 ? 'neutral' : i % 3 === 0 || i % 5 === 0 ? 'success' : 'failure',
    ),
  );

const matching = (inputs: OutcomeInput[], test: (attributes: OutcomeInput['attributes']) => boolean) => {
  const decided = inputs.filter(({ result, attributes }) => result !== 'neutral' && test(attributes));
  return { n: decided.length, successes: decided.filter(({ result }) => result === 'success').length };
};

describe('the fold of a workspace', () => {
  it('counts the open journeys anew after the clock of the server was set back', async () => {
    const one = await start();
    const knowledge = await one.app.folds.of(one.workspace.id);
    expect((await knowledge.metrics()).openJourneys).toBe(0);
    await openJourney(one.ctx, { subject: 'Ana' });
    const real = Date.now;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => real() - 3_600_000);
    try {
      await vi.waitFor(async () => expect((await knowledge.metrics()).openJourneys).toBe(1), 5_000);
    } finally {
      clock.mockRestore();
    }
  });

  it('counts what was recorded, with gap-free positions and neutral ones apart', async () => {
    const one = await start();
    const inputs = stream(1_200);
    for (let i = 0; i < inputs.length; i += 173)
      await recordOutcomes(one.ctx, inputs.slice(i, i + 173), { source: 'api' });
    expect(await settled(one)).toBe(1_200);
    const knowledge = await one.app.folds.of(one.workspace.id);
    expect(knowledge.lookupWhere(['contact:cellular', 'marital:single']).item).toMatchObject(
      matching(inputs, (a) => a['contact'] === 'cellular' && a['marital'] === 'single'),
    );
    expect(knowledge.lookupWhere(['age:25']).item.n).toBeGreaterThan(0);
    const met = knowledge.matching(
      new Map([
        ['contact', 'cellular'],
        ['marital', 'single'],
      ]),
      2,
    );
    // Each alone and both together; the third is counted and not shown.
    expect(met.total).toBe(3);
    expect(met.items).toHaveLength(2);
    const metrics = await knowledge.metrics();
    expect(metrics).toMatchObject({
      asOf: 1_200,
      outcomes: 1_200,
      neutral: inputs.filter((i) => i.result === 'neutral').length,
    });
    const [gap] = await one.app.db.sql<{ missing: number }[]>`
      select max(position) - count(*) as missing from log_entries where workspace_id = ${one.workspace.id}`;
    expect(gap?.missing).toBe(0);
  });

  it('takes corrections, deletions and restorations back exactly, and answers the same after a restart', async () => {
    const one = await start();
    const inputs = stream(600);
    const { items } = await recordOutcomes(one.ctx, inputs, { source: 'api' });
    const now = [...inputs];
    for (let i = 0; i < 60; i += 1) {
      const id = items[i * 7]?.id ?? '';
      const former = now[i * 7];
      if (former === undefined) continue;
      if (i % 3 === 0) {
        await deleteOutcome(one.ctx, id);
        if (i % 2 === 0) await restoreOutcome(one.ctx, id);
        else now[i * 7] = { ...former, result: 'neutral' };
      } else {
        const corrected: OutcomeInput = {
          ...former,
          result: 'success',
          attributes: { ...former.attributes, contact: 'letter' },
        };
        await correctOutcome(one.ctx, id, { result: 'success', attributes: corrected.attributes });
        now[i * 7] = corrected;
      }
    }
    const position = await settled(one);
    expect(position).toBeGreaterThan(600);
    const expected = matching(now, (a) => a['contact'] === 'letter');
    const knowledge = await one.app.folds.of(one.workspace.id);
    expect(knowledge.lookupWhere(['contact:letter']).item).toMatchObject(expected);
    const list = knowledge.listPatterns({ sort: 'label', view: 'all', limit: 1_000 });
    const again = await start({ url: one.app.db.url, workspace: one.workspace });
    await settled(again);
    const reread = (await again.app.folds.of(one.workspace.id)).listPatterns({
      sort: 'label',
      view: 'all',
      limit: 1_000,
    });
    const facts = (items: typeof list.items) =>
      items.map(({ id, n, successes, since }) => ({ id, n, successes, since }));
    expect(facts(reread.items)).toEqual(facts(list.items));
    expect(reread.asOf).toBe(list.asOf);
  });

  it('is carried on by another instance when the leader is gone, with nothing lost and nothing twice', async () => {
    const first = await start();
    const second = await start({ url: first.app.db.url, workspace: first.workspace });
    const inputs = stream(900);
    await recordOutcomes(first.ctx, inputs.slice(0, 300), { source: 'api' });
    await settled(first);
    await settled(second);
    expect(
      first.app.folds
        .health()
        .concat(second.app.folds.health())
        .filter(({ leading }) => leading),
    ).toHaveLength(1);
    const leader = first.app.folds.health().some(({ leading }) => leading) ? first : second;
    const follower = leader === first ? second : first;
    await recordOutcomes(follower.ctx, inputs.slice(300, 600), { source: 'api' });
    await leader.stop();
    apps = apps.filter((app) => app !== leader);
    await recordOutcomes(follower.ctx, inputs.slice(600), { source: 'api' });
    expect(await settled(follower)).toBe(900);
    const { item } = (await follower.app.folds.of(first.workspace.id)).lookupWhere(['contact:cellular']);
    expect(item).toMatchObject(matching(inputs, (a) => a['contact'] === 'cellular'));
  });

  it('is carried on by another instance when that of the leader fails and fails again', async () => {
    const first = await start();
    const second = await start({ url: first.app.db.url, workspace: first.workspace });
    const inputs = stream(60);
    await recordOutcomes(first.ctx, inputs.slice(0, 30), { source: 'api' });
    await settled(first);
    await settled(second);
    const leads = ({ app }: TestApp) => app.folds.health().some(({ leading }) => leading);
    const [ill, well] = leads(first) ? [first, second] : [second, first];
    ill.breakFolds();
    await recordOutcomes(ill.ctx, inputs.slice(30), { source: 'api' });
    expect(await settled(well)).toBe(60);
    expect([leads(ill), leads(well)]).toEqual([false, true]);
    const told = await well.app.db.sql`select 1 from system_errors where ended_at is null`;
    expect([...told]).toEqual([]);
  });

  it('is carried on by another instance when that of the leader hangs and hangs again', async () => {
    const threads = hangingPool();
    const ill = await start({ pool: threads.options });
    const inputs = stream(30 + HANGS_AT);
    await recordOutcomes(ill.ctx, inputs.slice(0, 30), { source: 'api' });
    await settled(ill);
    const well = await start({ url: ill.app.db.url, workspace: ill.workspace });
    await settled(well);
    const state = ({ app }: TestApp) =>
      app.folds.health().find(({ workspaceId }) => workspaceId === ill.workspace.id);
    expect([state(ill)?.leading, state(well)?.leading]).toEqual([true, false]);
    await recordOutcomes(well.ctx, inputs.slice(30), { source: 'api' });
    await until('it is said', () => {
      threads.outlast();
      return Promise.resolve(state(ill)?.error?.includes('stood still') === true);
    });
    await until('another leads', () => {
      // Not while it begins anew, with a thread that begins too.
      if (state(ill)?.leading === true) threads.outlast();
      return Promise.resolve(state(well)?.leading === true);
    });
    expect(await settled(well)).toBe(30 + HANGS_AT);
    expect(state(ill)?.leading).toBe(false);
    const told = await well.app.db.sql`select 1 from system_errors where ended_at is null`;
    expect([...told]).toEqual([]);
    // What the other has counted its thread cannot follow either; a stop waits until that is noticed.
    const looking = setInterval(() => threads.outlast(), 50);
    await ill.stop().finally(() => clearInterval(looking));
    apps = apps.filter((app) => app !== ill);
  });

  it('refuses the writes of a leader whose term is over', async () => {
    const one = await start();
    await recordOutcomes(one.ctx, stream(10), { source: 'api' });
    await settled(one);
    // Another instance took over without this one noticing: its lock connection looks alive.
    await one.app.db
      .sql`update fold_state set term = term + 1, leader = 'somebody else' where workspace_id = ${one.workspace.id}`;
    await recordOutcomes(one.ctx, stream(10), { source: 'api' });
    expect(await settled(one)).toBe(20);
    const [state] = await one.app.db.sql<{ term: number; applied: number }[]>`
      select term, applied from fold_state where workspace_id = ${one.workspace.id}`;
    expect(state).toMatchObject({ term: 3, applied: 20 });
  });

  it.skipIf(bankIsMissing !== null)(
    `finds every cell of the bank file${bankIsMissing === null ? '' : ` (skips: ${bankIsMissing})`}`,
    // Workers run from sources here, about ten times slower than bundled.
    { timeout: 480_000 },
    async () => {
      const one = await start();
      const inputs = bankOutcomes();
      for (let i = 0; i < inputs.length; i += 5_000) {
        await recordOutcomes(one.ctx, inputs.slice(i, i + 5_000), { source: 'api' });
      }
      expect(await settled(one, 200_000)).toBe(45_211);
      const knowledge = await one.app.folds.of(one.workspace.id);
      for (const cell of bankTruth()) {
        const { item } = knowledge.lookupWhere(
          Object.entries(cell.where).map(([key, value]) => `${key}:${value}`),
        );
        expect({ where: cell.where, n: item.n, successes: item.successes }).toEqual({
          where: cell.where,
          n: cell.n,
          successes: cell.successes,
        });
        const { low, high } = wilsonInterval(item.successes, item.n);
        expect(Math.abs(low - cell.wilson95[0])).toBeLessThan(1e-9);
        expect(Math.abs(high - cell.wilson95[1])).toBeLessThan(1e-9);
      }
    },
  );
});
