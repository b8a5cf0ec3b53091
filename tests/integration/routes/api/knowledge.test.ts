import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { patternReplySchema } from '#lib/contracts/api-schemas.ts';
import { metricsViewSchema, type MetricsView } from '#lib/contracts/metrics.ts';
import { patternListSchema, type PatternQuery, type PatternView } from '#lib/contracts/pattern.ts';
import type { App, WorkspaceKnowledge } from '#lib/server/app.ts';
import type { Actor } from '#lib/server/context.ts';
import { AppError, invalid } from '#lib/server/errors.ts';
import * as metrics from '../../../../src/routes/api/v1/metrics/+server.ts';
import * as openapi from '../../../../src/routes/api/v1/openapi.json/+server.ts';
import * as patterns from '../../../../src/routes/api/v1/patterns/+server.ts';
import * as pattern from '../../../../src/routes/api/v1/patterns/[id]/+server.ts';
import * as lookup from '../../../../src/routes/api/v1/patterns/lookup/+server.ts';
import * as healthz from '../../../../src/routes/healthz/+server.ts';
import * as prometheus from '../../../../src/routes/metrics/+server.ts';
import * as readyz from '../../../../src/routes/readyz/+server.ts';
import { healthSchema, readinessSchema } from '#lib/contracts/api-schemas.ts';
import { recordOutcomes } from '#lib/server/services/outcomes/index.ts';
import { callApi } from '../../../support/api-event.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/test-database.ts';
import { createTestApp, createTestWorkspace, testContext } from '../../../support/test-workspace.ts';

const interval = { low: 0.1, high: 0.2 };
const one: PatternView = {
  id: 'p1',
  label: 'contact cellular',
  conditions: [{ attribute: 'contact', value: 'cellular' }],
  n: 100,
  successes: 15,
  rate: 0.15,
  wilson: interval,
  rest: { n: 100, successes: 5, rate: 0.05, wilson: interval },
  lift: 3,
  oddsRatio: null,
  pValue: null,
  pValueSingleLook: 0.01,
  pValueMethod: 'z',
  confidence: null,
  weightedConfidence: null,
  direction: 'better',
  status: 'collecting',
  trend: 'stable',
  confidenceWorse: null,
  statusAt: 20,
  recent: { n: 50, successes: 5 },
  epoch: null,
  confirmedAt: null,
  changed: null,
  recounting: false,
  recountedAt: null,
  pinned: false,
  pinnedOnly: false,
  period: false,
  concurrency: 1,
  comparable: true,
  explainedBy: null,
  explains: 0,
  values: null,
  since: 20,
  updatedAt: '2026-11-20T12:00:00.000Z',
};
const totals: MetricsView = {
  asOf: 200,
  head: 200,
  waiting: 0,
  outcomes: 200,
  successes: 20,
  failures: 180,
  neutral: 0,
  rate: 0.1,
  wilson: interval,
  trend: 'stable',
  recent: { n: 50, successes: 5 },
  today: { outcomes: 200, successes: 20, failures: 180, neutral: 0, rate: 0.1, wilson: interval },
  openJourneys: 0,
  tracked: 1,
  trackedLeftOut: 0,
  trackedLeftOutAt: 0,
  byStatus: { collecting: 0, emerging: 0, confirmed: 0, weakening: 0, retired: 0 },
  searched: 2,
  values: null,
  behindMs: 0,
  lastOutcomeAt: null,
};

let db: TestDatabase;
let app: App;
let key: Actor & { type: 'api-key' };
let asked: PatternQuery | null = null;
let folding: { workspaceId: string; applied: number; leading: boolean; error: string | null }[] = [];

let version = '200-1';
const knowledge: WorkspaceKnowledge = {
  asOf: 200,
  get version() {
    return version;
  },
  listPatterns: (query) => {
    asked = query;
    return { asOf: 200, total: 1, items: [one], next: null };
  },
  leading: () => [one],
  leadersUpdate: unasked,
  chosenUpdate: unasked,
  matching: () => ({ total: 1, items: [one] }),
  getPattern: (id) => (id === 'p1' ? one : null),
  lookupWhere: (where) => {
    if (where.includes('nothing:x'))
      throw invalid([{ path: 'where', message: 'There is no attribute nothing.' }]);
    return { asOf: 200, item: { ...one, id: null, status: 'untracked' } };
  },
  lookupNamed: unasked,
  metrics: ({ history } = {}) => Promise.resolve(history ? { ...totals, history: [] } : totals),
  attributes: () => [],
  insight: {
    explain: () => null,
    similar: () => [],
    trace: () => Promise.resolve(null),
    compare: () => null,
    family: unasked,
    chosen: () => null,
    pinnable: unasked,
    shuffledLog: () => Promise.resolve(null),
  },
};

function unasked(): never {
  throw new Error('Nobody asks for this here.');
}

beforeAll(async () => {
  db = await createTestDatabase();
  app = await createTestApp(db.database, {
    folds: {
      of: () => Promise.resolve(knowledge),
      readApplied: () => Promise.resolve(0),
      waitFor: () => Promise.resolve(true),
      check: () => Promise.resolve(null),
      health: () => folding,
    },
  });
  const workspace = await createTestWorkspace(db.database);
  key = { type: 'api-key', id: 'k', name: 'Script', workspace, scopes: ['read'] };
});
afterAll(() => db.drop());

const get = (
  handler: Parameters<typeof callApi>[0],
  path: string,
  headers: Record<string, string> = {},
  params = {},
) => callApi(handler, app, key, path, { headers, params });

describe('GET /api/v1/patterns', () => {
  it('passes the checked query on and answers the list, once per position', async () => {
    const response = await get(patterns.GET, '/api/v1/patterns?status=confirmed&limit=1000&sort=n');
    expect(patternListSchema.parse(await response.json()).items).toHaveLength(1);
    expect(asked).toMatchObject({ status: 'confirmed', limit: 1000, sort: 'n', view: 'all' });
    const etag = response.headers.get('etag') ?? '';
    const same = '/api/v1/patterns?status=confirmed&limit=1000&sort=n';
    expect((await get(patterns.GET, same, { 'if-none-match': etag })).status).toBe(304);
    expect((await get(patterns.GET, '/api/v1/patterns', { 'if-none-match': etag })).status).toBe(200);
    expect((await get(patterns.GET, '/api/v1/patterns?limit=1001')).status).toBe(422);
    expect((await get(patterns.GET, '/api/v1/patterns?status=great')).status).toBe(422);
  });

  it('answers one by id', async () => {
    const found = await get(pattern.GET, '/api/v1/patterns/p1', {}, { id: 'p1' });
    expect(patternReplySchema.parse(await found.json())).toMatchObject({ asOf: 200, id: 'p1' });
    expect((await get(pattern.GET, '/api/v1/patterns/p2', {}, { id: 'p2' })).status).toBe(404);
  });

  it('looks any conjunction up, in the shape of the list', async () => {
    const response = await get(lookup.GET, '/api/v1/patterns/lookup?where=contact:cellular&where=a:b:c');
    expect(patternListSchema.parse(await response.json())).toMatchObject({
      asOf: 200,
      items: [{ id: null, status: 'untracked' }],
    });
    for (const query of ['', '?where=a:1&where=b:1&where=c:1&where=d:1', '?where=nothing:x']) {
      expect((await get(lookup.GET, `/api/v1/patterns/lookup${query}`)).status).toBe(422);
    }
  });
});

describe('a conditional GET', () => {
  it.each([
    [patterns.GET, '/api/v1/patterns', {}],
    [pattern.GET, '/api/v1/patterns/p1', { id: 'p1' }],
    [lookup.GET, '/api/v1/patterns/lookup?where=contact:cellular', {}],
  ] as const)(
    'is answered anew after a setting changed, though no outcome came (%#)',
    async (handler, path, params) => {
      const etag = (await get(handler, path, {}, params)).headers.get('etag') ?? '';
      expect((await get(handler, path, { 'if-none-match': etag }, params)).status).toBe(304);
      version = `${version}1`;
      expect((await get(handler, path, { 'if-none-match': etag }, params)).status).toBe(200);
    },
  );
});

describe('GET /api/v1/metrics', () => {
  it('answers the totals, with history when asked', async () => {
    expect(
      metricsViewSchema.parse(await (await get(metrics.GET, '/api/v1/metrics')).json()).history,
    ).toBeUndefined();
    expect(
      metricsViewSchema.parse(await (await get(metrics.GET, '/api/v1/metrics?history=true')).json()).history,
    ).toEqual([]);
  });

  it('is 503 with Retry-After while the log is being read', async () => {
    const unavailable = () =>
      Promise.reject(new AppError('UNAVAILABLE', 'Reading the log.', { retryAfterSeconds: 2 }));
    const starting = { ...app, folds: { ...app.folds, of: unavailable } };
    const response = await callApi(metrics.GET, starting, key, '/api/v1/metrics');
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
  });
});

describe('health', () => {
  it('says how it is without naming a workspace', async () => {
    folding = [{ workspaceId: key.workspace.id, applied: 5, leading: true, error: null }];
    const response = await callApi(healthz.GET, app, null, '/healthz');
    const text = await response.text();
    expect(healthSchema.parse(JSON.parse(text))).toMatchObject({
      status: 'ok',
      folds: { served: 1, led: 1, failed: 0 },
    });
    expect(text).not.toContain(key.workspace.id);
  });

  it('is degraded when a fold failed or Redis is down, and still answers', async () => {
    folding = [{ workspaceId: key.workspace.id, applied: 5, leading: true, error: 'broken' }];
    expect(healthSchema.parse(await (await callApi(healthz.GET, app, null, '/healthz')).json()).status).toBe(
      'degraded',
    );
    folding = [];
    const withRedis = { ...app, env: { ...app.env, REDIS_URL: 'redis://127.0.0.1:1' } };
    const response = await callApi(healthz.GET, withRedis, null, '/healthz');
    expect(healthSchema.parse(await response.json())).toMatchObject({
      status: 'degraded',
      redis: { state: 'down' },
    });
    expect(response.status).toBe(200);
  });

  it('is ready unless the feed stands still or every fold failed', async () => {
    const readiness = async () => {
      const response = await callApi(readyz.GET, app, null, '/readyz');
      return [response.status, readinessSchema.parse(await response.json())] as const;
    };
    expect(await readiness()).toMatchObject([200, { ready: true }]);
    folding = [{ workspaceId: key.workspace.id, applied: 0, leading: false, error: 'broken' }];
    expect(await readiness()).toMatchObject([503, { ready: false, checks: { fold: false } }]);
    folding = [];
    await recordOutcomes(
      testContext(app, await createTestWorkspace(db.database)),
      [{ subject: 's', result: 'success' }],
      { source: 'api' },
    );
    expect(await readiness()).toMatchObject([200, { ready: true }]);
    await db.sql`update feed_outbox set created_at = created_at - interval '20 seconds'`;
    expect(await readiness()).toMatchObject([503, { checks: { sequencer: false } }]);
    await db.sql`update feed_outbox set created_at = now()`;
    const leaving = await callApi(readyz.GET, { ...app, draining: AbortSignal.abort() }, null, '/readyz');
    expect([leaving.status, await leaving.json()]).toMatchObject([
      503,
      { ready: false, checks: { accepting: false, sequencer: true } },
    ]);
  });

  it('gives Prometheus the process and the product', async () => {
    const response = await callApi(prometheus.GET, app, null, '/metrics');
    const text = await response.text();
    expect(response.headers.get('content-type')).toContain('text/plain');
    for (const line of [
      /^nodejs_eventloop_lag_p99_seconds /m,
      /^telltale_outcomes_recorded_total\{source="api"\} \d+/m,
      /^telltale_fold_lag_seconds \d/m,
      /^telltale_feed_streams\{transport="stream"\} 0$/m,
      /^telltale_feed_delivery_seconds_bucket\{le="\+Inf"\} 0$/m,
    ]) {
      expect(text).toMatch(line);
    }
  });

  it('is down without its database', async () => {
    const lost = await createTestDatabase({ max: 1 });
    await lost.drop();
    const response = await callApi(healthz.GET, { ...app, db: lost.database }, null, '/healthz');
    expect([response.status, healthSchema.parse(await response.json()).database.state]).toEqual([
      503,
      'down',
    ]);
    expect((await callApi(readyz.GET, { ...app, db: lost.database }, null, '/readyz')).status).toBe(503);
  });
});

describe('GET /api/v1/openapi.json', () => {
  it('is public and has an ETag', async () => {
    const response = await callApi(openapi.GET, app, null, '/api/v1/openapi.json');
    expect(((await response.json()) as { openapi: string }).openapi).toBe('3.1.0');
    const headers = { 'if-none-match': response.headers.get('etag') ?? '' };
    expect((await callApi(openapi.GET, app, null, '/api/v1/openapi.json', { headers })).status).toBe(304);
  });
});
