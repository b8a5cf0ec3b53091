import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { selfCheckListSchema, selfCheckViewSchema } from '#lib/contracts/self-check.ts';
import type { OutcomeInput } from '#lib/contracts/outcome.ts';
import type { Actor, ApiScope } from '#lib/server/context.ts';
import { seededRandom } from '#lib/domain/random/seeded-random.ts';
import { recordOutcomes } from '#lib/server/services/outcomes/index.ts';
import {
  createSelfCheckRunner,
  readSelfChecks,
  startSelfCheck,
  type SelfCheckRunner,
} from '#lib/server/services/self-check/index.ts';
import * as route from '../../../src/routes/api/v1/self-check/+server.ts';
import { callApi } from '../../support/api-event.ts';
import { settled, startTestApp, type TestApp } from '../../support/test-app.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

let db: TestDatabase;
let server: TestApp;
let runner: SelfCheckRunner;

beforeEach(async () => {
  db = await createTestDatabase({ max: 2 });
  server = await startTestApp(db.url);
  runner = createSelfCheckRunner(server.app);
});
afterEach(async () => {
  await runner.stop();
  await server.stop();
  await db.drop();
});

/** What goes with success so plainly that every fold of the true results confirms it. */
function plain(count: number): OutcomeInput[] {
  const random = seededRandom('plain');
  return Array.from({ length: count }, (_, i) => {
    const hook = random.below(2) === 0 ? 'question' : 'claim';
    return {
      subject: `clip ${i}`,
      result: random.next() < (hook === 'question' ? 0.7 : 0.2) ? 'success' : 'failure',
      attributes: { hook, topic: ['music', 'sport', 'news'][random.below(3)] ?? 'news' },
    };
  });
}

async function record(count: number): Promise<void> {
  await recordOutcomes(server.ctx, plain(count), { source: 'api' });
  await settled(server);
}

const ask = (
  method: 'GET' | 'POST' | 'DELETE',
  body: unknown = null,
  scopes: ApiScope[] = ['read', 'manage'],
) => {
  const key: Actor = { type: 'api-key', id: 'k', name: 'Script', workspace: server.workspace, scopes };
  return callApi(route[method], server.app, key, '/api/v1/self-check', {
    method,
    body: body === null ? '' : JSON.stringify(body),
  });
};

async function until(state: string) {
  const end = Date.now() + 30_000;
  for (;;) {
    const { items } = await readSelfChecks(server.ctx);
    const [newest] = items;
    if (newest?.state === state) return newest;
    if (Date.now() > end) throw new Error(`the check is ${newest?.state ?? 'nowhere'}`);
    await new Promise((next) => setTimeout(next, 25));
  }
}

describe('the self-check', () => {
  it('confirms nothing where chance dealt the results, and is repeatable by its seed', async () => {
    await record(1_500);
    const knowledge = await server.app.folds.of(server.workspace.id);
    expect(knowledge.lookupWhere(['hook:question']).item.status).toBe('confirmed');
    runner.start();
    const started = await ask('POST', { shuffles: 5, seed: 7 });
    expect(started.status).toBe(202);
    expect(selfCheckViewSchema.parse(await started.json())).toMatchObject({ state: 'running', shuffles: 5 });
    const first = await until('done');
    expect(first).toMatchObject({ done: 5, confirmedIn: 0, outcomes: 1_500, position: 1_500, seed: 7 });
    expect(first.emergingMean).toBeLessThan(1);
    expect(first.durationMs).toBeGreaterThan(0);
    await ask('POST', { shuffles: 5, seed: 7 });
    const second = await until('done');
    const list = selfCheckListSchema.parse(await (await ask('GET')).json());
    expect(list.items).toHaveLength(2);
    expect([second.emergingMean, second.confirmedIn]).toEqual([first.emergingMean, first.confirmedIn]);
    const events = await db.sql<{ payload: { state: string; done: number } }[]>`
      select payload from feed_outbox where type = 'self-check.progressed' order by wid`;
    expect(events[0]?.payload.state).toBe('running');
    expect(events.some(({ payload }) => payload.state === 'done' && payload.done === 5)).toBe(true);
  });

  it('runs once at a time, and can be cancelled', async () => {
    await record(400);
    expect((await ask('POST', { shuffles: 1_000 })).status).toBe(202);
    expect((await ask('POST')).status).toBe(409);
    runner.start();
    const end = Date.now() + 30_000;
    while (((await readSelfChecks(server.ctx)).running?.done ?? 0) === 0 && Date.now() < end) {
      await new Promise((next) => setTimeout(next, 25));
    }
    const cancelled = selfCheckViewSchema.parse(await (await ask('DELETE')).json());
    expect(cancelled).toMatchObject({ state: 'cancelled' });
    expect(cancelled.done).toBeGreaterThan(0);
    expect((await ask('DELETE')).status).toBe(409);
    // The next one is not held up by what still runs of it.
    await ask('POST', { shuffles: 1 });
    expect(await until('done')).toMatchObject({ done: 1, shuffles: 1 });
  });

  it('is interrupted by a stop, and by the death of its instance', async () => {
    await record(400);
    await startSelfCheck(server.ctx, { shuffles: 1_000 });
    runner.start();
    const end = Date.now() + 30_000;
    while (((await readSelfChecks(server.ctx)).running?.done ?? 0) === 0 && Date.now() < end) {
      await new Promise((next) => setTimeout(next, 25));
    }
    await runner.stop();
    expect((await until('interrupted')).finishedAt).not.toBeNull();
    await startSelfCheck(server.ctx, { shuffles: 3 });
    await db.sql`
      update self_checks set instance = 'gone', updated_at = now() - interval '1 minute' where state = 'running'`;
    runner.start();
    expect(await until('interrupted')).toMatchObject({ shuffles: 3, done: 0 });
  });

  it('goes on when the clock of the server is set back', async () => {
    await record(50);
    let setBackMs = 0;
    runner = createSelfCheckRunner({ ...server.app, now: () => Date.now() - setBackMs });
    runner.start();
    setBackMs = 3_600_000;
    await startSelfCheck(server.ctx, { shuffles: 2 });
    expect(await until('done')).toMatchObject({ done: 2 });
  });

  it('needs outcomes and permission, and refuses what it does not know', async () => {
    expect((await ask('POST')).status).toBe(409);
    await record(50);
    expect((await ask('POST', { shuffles: 0 })).status).toBe(422);
    expect((await ask('POST', { often: 3 })).status).toBe(422);
    expect((await ask('POST', null, ['read'])).status).toBe(403);
    expect((await ask('DELETE', null, ['read'])).status).toBe(403);
    expect((await ask('GET', null, ['record'])).status).toBe(403);
  });
});
