import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { patternReplySchema } from '#lib/contracts/api-schemas.ts';
import { attributeListSchema, attributeViewSchema } from '#lib/contracts/attribute.ts';
import {
  patternChoiceSchema,
  patternComparisonSchema,
  patternHistorySchema,
  patternWhySchema,
  searchFamilySchema,
  trajectorySchema,
} from '#lib/contracts/pattern-insight.ts';
import { patternListSchema } from '#lib/contracts/pattern.ts';
import type { OutcomeInput } from '#lib/contracts/outcome.ts';
import type { Actor, ApiScope, WorkspaceInfo } from '#lib/server/context.ts';
import { recordOutcomes } from '#lib/server/services/outcomes/index.ts';
import { findTrajectory, patternHistory, patternOrFormer } from '#lib/server/services/patterns/index.ts';
import { newcombeDifference } from '#lib/domain/statistics/newcombe-difference.ts';
import { rateConfidenceSequence } from '#lib/domain/statistics/rate-confidence-sequence.ts';
import * as attributes from '../../../../src/routes/api/v1/attributes/+server.ts';
import * as attribute from '../../../../src/routes/api/v1/attributes/[key]/+server.ts';
import * as outcomes from '../../../../src/routes/api/v1/outcomes/+server.ts';
import * as list from '../../../../src/routes/api/v1/patterns/+server.ts';
import * as one from '../../../../src/routes/api/v1/patterns/[id]/+server.ts';
import * as history from '../../../../src/routes/api/v1/patterns/[id]/history/+server.ts';
import * as pin from '../../../../src/routes/api/v1/patterns/[id]/pin/+server.ts';
import * as resume from '../../../../src/routes/api/v1/patterns/[id]/resume/+server.ts';
import * as retire from '../../../../src/routes/api/v1/patterns/[id]/retire/+server.ts';
import * as trajectory from '../../../../src/routes/api/v1/patterns/[id]/trajectory/+server.ts';
import * as unpin from '../../../../src/routes/api/v1/patterns/[id]/unpin/+server.ts';
import * as why from '../../../../src/routes/api/v1/patterns/[id]/why/+server.ts';
import * as compare from '../../../../src/routes/api/v1/patterns/compare/+server.ts';
import * as lookup from '../../../../src/routes/api/v1/patterns/lookup/+server.ts';
import * as pins from '../../../../src/routes/api/v1/patterns/pins/+server.ts';
import * as searched from '../../../../src/routes/api/v1/patterns/searched/+server.ts';
import { callApi } from '../../../support/api-event.ts';
import { makeWorkspace, settled, startTestApp, type TestApp } from '../../../support/test-app.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/test-database.ts';
import { seededRandom } from '#lib/domain/random/seeded-random.ts';

type Handler = Parameters<typeof callApi>[0];

let db: TestDatabase;
let server: TestApp;

beforeAll(async () => {
  db = await createTestDatabase({ max: 2 });
  server = await startTestApp(db.url);
});
afterAll(async () => {
  await server.stop();
  await db.drop();
});

const keyOf = (workspace: WorkspaceInfo, scopes: ApiScope[] = ['read', 'record', 'manage']): Actor => ({
  type: 'api-key',
  id: 'k',
  name: 'Script',
  workspace,
  scopes,
});

interface Caller {
  key: Actor;
  workspace: WorkspaceInfo;
  get<T extends z.ZodType>(handler: Handler, path: string, schema: T, id?: string): Promise<z.infer<T>>;
  post(handler: Handler, path: string, id?: string, body?: unknown): Promise<Response>;
  record(items: OutcomeInput[]): Promise<void>;
  settled(): Promise<number>;
}

async function caller(): Promise<Caller> {
  const workspace = await makeWorkspace(server.app);
  const key = keyOf(workspace);
  const at = { ...server, workspace, ctx: { ...server.ctx, workspace } };
  return {
    key,
    workspace,
    async get(handler, path, schema, id = '') {
      const response = await callApi(handler, server.app, key, path, { params: { id } });
      const text = await response.text();
      expect([response.status, text.slice(0, 300)]).toEqual([200, expect.anything()]);
      return schema.parse(JSON.parse(text)) as never;
    },
    post: (handler, path, id = '', body = null) =>
      callApi(handler, server.app, key, path, {
        method: 'POST',
        params: { id },
        body: body === null ? null : JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    async record(items) {
      for (let i = 0; i < items.length; i += 5_000) {
        await recordOutcomes(at.ctx, items.slice(i, i + 5_000), { source: 'api' });
      }
    },
    settled: () => settled(at),
  };
}

const labelled = (label: string, success: boolean, i: number): OutcomeInput => ({
  subject: `client ${i}`,
  result: success ? 'success' : 'failure',
  attributes: { label },
});

const STREAM_A = { labels: 'CCPCCCPCPCCPPCCCPCCPCCCCPPCPCC', y: '001010100001100010110000110100' };

async function patternOf(api: Caller, where: string) {
  const { items } = await api.get(lookup.GET, `/api/v1/patterns/lookup?where=${where}`, patternListSchema);
  const [item] = items;
  if (item === undefined || item.id === null) throw new Error(`${where} is not tracked`);
  return { ...item, id: item.id };
}

describe('the streams of the specification, through the product', () => {
  it('stream A, one outcome a request', async () => {
    const api = await caller();
    for (let i = 0; i < STREAM_A.labels.length; i += 1) {
      const body = labelled(STREAM_A.labels[i] ?? '', STREAM_A.y[i] === '1', i);
      expect((await api.post(outcomes.POST, '/api/v1/outcomes', '', body)).status).toBe(201);
    }
    await api.settled();
    const { id } = await patternOf(api, 'label:P');
    const pattern = await api.get(one.GET, `/api/v1/patterns/${id}`, patternReplySchema, id);
    expect(pattern.confidence).toBeCloseTo(0.8730183429, 9);
    expect(pattern.pValue).toBeCloseTo(0.0578430732, 9);
    // Admitted with its tenth outcome, it is judged when its next block closes.
    expect(pattern).toMatchObject({ status: 'collecting', direction: null, n: 10, period: false });
    await api.record([labelled('C', false, 30), labelled('P', true, 31)]);
    await api.settled();
    expect(await patternOf(api, 'label:P')).toMatchObject({
      status: 'emerging',
      direction: 'better',
      statusAt: 32,
    });
    const found = await api.get(list.GET, '/api/v1/patterns?status=emerging', patternListSchema);
    expect(found.items.map(({ label }) => label)).toContain('label P');
  });

  it('stream B', async () => {
    const api = await caller();
    const items = Array.from({ length: 300 }, (_, i) => {
      const isP = i % 5 === 4;
      const success = isP ? [0, 3, 5, 8].includes(Math.floor(i / 5) % 10) : (7 * i) % 41 < 4;
      return labelled(isP ? 'P' : 'C', success, i);
    });
    await api.record(items);
    await api.settled();
    const pattern = await patternOf(api, 'label:P');
    expect(pattern.confidence).toBeCloseTo(0.9996822617, 9);
    expect(Math.log(pattern.oddsRatio?.low ?? 0)).toBeCloseTo(0.4825798732, 9);
    expect(Math.log(pattern.oddsRatio?.high ?? 0)).toBeCloseTo(2.9268365619, 9);
    const path = await api.get(trajectory.GET, '/', trajectorySchema, pattern.id);
    const last = path.points.at(-1);
    expect(last?.logEPlus).toBeCloseTo(9.6634024801, 9);
    expect(last?.logEMinus).toBeCloseTo(-2.7003814928, 9);
    expect(last).toMatchObject({ position: 300, n: 60, successes: 24, restN: 240, restSuccesses: 25 });
    expect(path.points.length).toBeLessThanOrEqual(400);
  });
});

/** A planted single, one that only restates it, noise, and values. */
function planted(count: number, seed: string): OutcomeInput[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, i) => {
    const hook = ['question', 'question', 'claim', 'list'][random.below(4)] ?? 'list';
    const topic = ['music', 'sport', 'news'][random.below(3)] ?? 'news';
    const day = ['mo', 'tu', 'we', 'th', 'fr'][random.below(5)] ?? 'mo';
    const success = random.next() < (hook === 'question' ? 0.45 : 0.15);
    return {
      subject: `clip ${i}`,
      variant: `v${i % 3}`,
      result: success ? 'success' : 'failure',
      value: success ? 10 + random.below(50) : -random.below(5),
      attributes: { hook, topic, day },
    };
  });
}

describe('a workspace with a planted effect', () => {
  let api: Caller;
  let id: string;

  beforeAll(async () => {
    api = await caller();
    await api.record(planted(6_000, 'planted'));
    await api.settled();
    id = (await patternOf(api, 'hook:question')).id;
  });

  it('lists its leaders first, the others folded under them', async () => {
    const leaders = await api.get(list.GET, '/api/v1/patterns?view=leaders', patternListSchema);
    expect(leaders.items.map(({ label }) => label).sort()).toEqual(['hook question']);
    const all = await api.get(list.GET, '/api/v1/patterns?limit=1000', patternListSchema);
    expect(all.items[0]?.id).toBe(id);
    const lead = all.items.find((item) => item.id === id);
    expect(lead).toMatchObject({ status: 'confirmed', direction: 'better', explainedBy: null });
    expect(lead?.explains).toBeGreaterThan(3);
    expect(lead?.values?.confidence).toBeGreaterThan(0.99);
    expect(lead?.values?.interval?.low).toBeGreaterThan(lead?.values?.restMean ?? Infinity);
    // Of the epoch that is everything, so the raw mean is the mean counted.
    expect(lead?.values?.rawMean?.mean).toBeCloseTo(lead?.values?.mean ?? NaN, 9);
    expect(lead?.values?.rawMean?.approximate).toBe(true);
    for (const { values, epoch } of all.items) {
      if (values?.epoch == null) throw new Error('there is no value evidence');
      const { n, mean, startedAt } = values.epoch;
      expect(startedAt).toBe(epoch?.startedAt);
      expect(values.n + values.restN).toBe(6_000);
      if (values.interval === null) continue;
      expect([n > 0, mean]).toEqual([true, expect.any(Number)]);
      expect(values.interval.low).toBeLessThanOrEqual(mean ?? NaN);
      expect(values.interval.high).toBeGreaterThanOrEqual(mean ?? NaN);
    }
    // All of the log, so the rest within the ends differs from the rest as recorded by what is cut off alone.
    expect(lead?.values?.epoch?.rest?.mean).toBeLessThanOrEqual(lead?.values?.restMean ?? NaN);
    expect(lead?.values?.epoch?.rest?.mean).toBeGreaterThan((lead?.values?.restMean ?? NaN) - 1);
    expect(lead?.rateAnyLook).toEqual(rateConfidenceSequence(lead?.successes ?? 0, lead?.n ?? 0));
    const folded = await api.get(list.GET, `/api/v1/patterns?explainedBy=${id}`, patternListSchema);
    expect(folded.total).toBe(lead?.explains);
    for (const item of folded.items) expect(item.explainedBy).not.toBeNull();
    const rest = await api.get(list.GET, '/api/v1/patterns?explainedBy=none&limit=1000', patternListSchema);
    expect(rest.items.every(({ explainedBy }) => explainedBy === null)).toBe(true);
    // A lookup of a folded one has its own figures.
    const [kid] = folded.items;
    const where = kid?.conditions.map((c) => `where=${c.attribute}:${String(c.value)}`).join('&') ?? '';
    const looked = await api.get(lookup.GET, `/api/v1/patterns/lookup?${where}`, patternListSchema);
    expect(looked.items[0]).toEqual(kid);
  });

  it('sorts and filters by evidence, and pages without a gap', async () => {
    const by = async (query: string) =>
      (await api.get(list.GET, `/api/v1/patterns?limit=1000&${query}`, patternListSchema)).items;
    const confidences = (await by('sort=confidence')).map(({ confidence }) => confidence ?? -1);
    expect(confidences).toEqual([...confidences].sort((a, b) => b - a));
    const p = (await by('sort=p')).map(({ pValue }) => pValue ?? -1);
    expect(p).toEqual([...p].sort((a, b) => a - b));
    expect((await by('direction=worse&status=confirmed')).map(({ direction }) => direction)).toEqual(
      expect.arrayContaining(['worse']),
    );
    expect((await by('direction=worse')).every(({ direction }) => direction !== 'better')).toBe(true);
    expect((await by('where=day:mo')).every(({ label }) => label.includes('day mo'))).toBe(true);
    const everything = await by('sort=n');
    const pages: (string | null)[] = [];
    let cursor = '';
    for (;;) {
      const page = await api.get(list.GET, `/api/v1/patterns?sort=n&limit=7${cursor}`, patternListSchema);
      pages.push(...page.items.map((item) => item.id));
      if (page.next === null) break;
      cursor = `&cursor=${page.next}`;
    }
    expect(pages).toEqual(everything.map((item) => item.id));
  });

  it('keeps a history with triggers and events, and pages it', async () => {
    const all = await api.get(history.GET, '/?limit=1000', patternHistorySchema, id);
    const positions = all.items.map(({ position }) => position);
    expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
    expect(all.items[0]?.confidenceBefore).toBeNull();
    for (const [i, point] of all.items.entries()) {
      if (i > 0) expect(point.confidenceBefore).toBe(all.items[i - 1]?.confidence);
      expect(point.processingMs).toBeGreaterThan(0);
    }
    expect(all.items.flatMap(({ events }) => events.map(({ kind }) => kind))).toEqual(
      expect.arrayContaining(['emerging', 'confirmed']),
    );
    expect(all.items[0]?.trigger).toMatchObject({
      subject: expect.stringMatching(/^clip /),
      variant: expect.stringMatching(/^v/),
    });
    const first = await api.get(history.GET, '/?limit=1', patternHistorySchema, id);
    expect(first.items).toEqual(all.items.slice(-1));
    if (all.items.length > 1) {
      const older = await api.get(history.GET, `/?limit=1&cursor=${first.next}`, patternHistorySchema, id);
      expect(older.items).toEqual(all.items.slice(-2, -1));
    }
  });

  it('says why', async () => {
    const pair = await patternOf(api, 'hook:question&where=topic:music');
    const said = await api.get(why.GET, '/', patternWhySchema, pair.id);
    expect(said.conditions.map(({ attribute, value }) => `${attribute}:${String(value)}`)).toEqual([
      'hook:question',
      'topic:music',
    ]);
    expect(said.parents).toHaveLength(2);
    const parent = said.parents.find((one) => one.id === id);
    expect(parent?.confidence).toBeLessThan(0.8);
    expect(said.then).toMatchObject({ position: 5_000 });
    expect(said.then?.n).toBeLessThan(said.pattern.n);
    expect(said.then?.confidence).not.toBeNull();
    expect(said.movers.length).toBe(20);
    expect(said.movers[0]?.logE).toBeCloseTo(said.budget.logE, 9);
    for (const mover of said.movers) expect(mover.outcomeId).toMatch(/^[0-9a-f-]{36}$/);
    expect(said.budget.spent).toBeGreaterThan(0);
    expect(said.budget.spent).toBeLessThan(1);
    expect(said.recentResults).toMatch(/^[01]{50}$/);
    const { needed } = await api.get(trajectory.GET, '/', trajectorySchema, pair.id);
    const falling = needed.map(({ logE }) => logE);
    expect(falling).toEqual([...falling].sort((a, b) => b - a));
    expect(falling.length).toBeGreaterThan(1);
    expect(falling.at(-1)).toBeCloseTo(said.budget.logENeeded, 9);
    const lead = await api.get(why.GET, '/', patternWhySchema, id);
    expect(lead.explains.map((one) => one.id)).toContain(pair.id);
    expect(lead.similar.every((one) => one.jaccard > 0 && one.jaccard <= 1)).toBe(true);
    for (const { id: other, direction } of lead.similar)
      expect(direction).toBe((await api.get(one.GET, '/', patternReplySchema, other ?? '')).direction);
    expect((await api.get(one.GET, '/', patternReplySchema, id)).similar).toEqual(lead.similar);
  });

  it('compares two', async () => {
    const other = await patternOf(api, 'topic:music');
    const compared = await api.get(
      compare.GET,
      `/api/v1/patterns/compare?ids=${id},${other.id}`,
      patternComparisonSchema,
    );
    const [a, b] = compared.items;
    const both = await patternOf(api, 'hook:question&where=topic:music');
    expect(compared.overlap.both).toBe(both.n);
    expect(compared.overlap.either).toBe((a?.n ?? 0) + (b?.n ?? 0) - both.n);
    expect(compared.difference.interval).toEqual(
      newcombeDifference({ n1: a?.n ?? 0, s1: a?.successes ?? 0, n0: b?.n ?? 0, s0: b?.successes ?? 0 }),
    );
    expect(compared.difference.note).toMatch(/once/);
    for (const [ids, status] of [
      [`${id}`, 422],
      [`${id},${id}`, 422],
      [`${id},p_nobody`, 404],
    ] as const) {
      expect((await callApi(compare.GET, server.app, api.key, `/api?ids=${ids}`)).status).toBe(status);
    }
  });

  it('says what was searched', async () => {
    const family = await api.get(searched.GET, '/', searchFamilySchema);
    const all = await api.get(list.GET, '/api/v1/patterns?limit=1', patternListSchema);
    expect(family.tracked).toBe(all.total);
    expect(Object.values(family.byStatus).reduce((sum, n) => sum + n, 0)).toBe(all.total);
    expect(family.leaders).toBe(1);
    expect(family.rejections).toBeGreaterThanOrEqual(2);
    expect(family.byDepth.map(({ depth }) => depth)).toEqual([1, 2, 3]);
    const metrics = await (await server.app.folds.of(api.workspace.id)).metrics();
    // What found no room was never searched; how much that was is of the last comparison.
    expect(metrics.searched).toBe(family.born);
    expect(metrics).toMatchObject({ asOf: 6_000, trackedLeftOut: family.leftOut, trackedLeftOutAt: 4_096 });
    expect(family.leftOutAt).toBe(4_096);
    // Eleven singles with .005 each.
    expect(family.byDepth[0]).toMatchObject({ tracked: 11, shares: 11, budget: 0.4 });
    expect(family.byDepth[0]?.spent).toBeCloseTo(0.055, 12);
  });

  it('keeps facts of evidence in the table of patterns', async () => {
    const deadline = Date.now() + 30_000;
    for (;;) {
      const [row] = await db.sql`
        select status, direction, confidence, confirmed_at, explained_by, log_e_plus, position from patterns
        where workspace_id = ${api.workspace.id} and id = ${id}`;
      if (row?.['position'] === 6_000) {
        const pattern = await patternOf(api, 'hook:question');
        expect(row).toMatchObject({
          status: 'confirmed',
          direction: 'better',
          confidence: pattern.confidence,
          confirmed_at: pattern.confirmedAt,
          explained_by: null,
        });
        return;
      }
      if (Date.now() > deadline) throw new Error(`the row is as of ${String(row?.['position'])}`);
      await new Promise((next) => setTimeout(next, 50));
    }
  });
});

describe('a pattern that changes sides', () => {
  /** Two values in turn: of every ten of the one `own` succeed, of the other `rest`. */
  const turns = (count: number, own: number, rest: number): OutcomeInput[] =>
    Array.from({ length: count }, (_, i) => {
      const k = (Math.floor(i / 2) * 7) % 10;
      return labelled(i % 2 === 0 ? 'P' : 'C', k < (i % 2 === 0 ? own : rest), i);
    });

  it('says of each epoch in its history on which side it stood', async () => {
    const api = await caller();
    await api.record(turns(1_200, 6, 1));
    await api.settled();
    await api.record(turns(1_200, 1, 6));
    await api.settled();
    const { id, changed } = await patternOf(api, 'label:P');
    const all = await api.get(history.GET, '/', patternHistorySchema, id);
    const alarm = all.items.flatMap(({ events }) => events).find(({ kind }) => kind === 'change-down');
    expect(alarm).toMatchObject({ side: 'better' });
    expect(all.epochs).toEqual([
      { until: alarm?.position, side: 'better' },
      { until: null, side: 'worse' },
    ]);
    const until = alarm?.position ?? 0;
    expect(changed).toMatchObject({ at: until, side: 'down', moved: 'both' });
    expect((changed?.before?.n ?? 0) + (changed?.before?.rest.n ?? 0)).toBe(until);
    expect(all.items.findLast(({ position }) => position < until)?.confidence).toBeGreaterThan(0.8);
    expect(all.items.at(-1)?.confidenceWorse).toBeGreaterThan(0.8);
    // Each page says so of its own points.
    const newest = await api.get(history.GET, '/?limit=1', patternHistorySchema, id);
    expect(newest.epochs).toEqual([{ until: null, side: 'worse' }]);
    const [first, second] = all.items;
    const cursor = second?.position ?? 0;
    const oldest = await api.get(history.GET, `/?limit=1&cursor=${cursor}`, patternHistorySchema, id);
    expect(oldest.items).toEqual([first]);
    expect(oldest.epochs).toEqual([{ until: alarm?.position, side: 'better' }]);
    // A log read anew ends an epoch; of the alarms which that has found there are no points.
    const found = [
      { kind: 'reread', side: 'worse', position: 2_401 },
      { kind: 'change-up', side: 'worse', position: 2_300 },
    ];
    await db.sql`
      insert into pattern_history (workspace_id, pattern_id, position, n, successes, confidence, confidence_worse,
        log_e, status, events, processing_ms)
      values (${api.workspace.id}, ${id}, 2401, 1200, 600, 0.2, 0.9, 2, 'emerging', ${db.sql.json(found)}, 1)`;
    expect((await api.get(history.GET, '/', patternHistorySchema, id)).epochs).toEqual([
      { until: alarm?.position, side: 'better' },
      { until: 2_401, side: 'worse' },
      { until: null, side: 'worse' },
    ]);
  });
});

describe('choices of people', () => {
  it('pins, unpins, retires and resumes a tracked pattern, each with an audit row, an event and history', async () => {
    const api = await caller();
    await api.record(planted(600, 'choices'));
    await api.settled();
    const { id } = await patternOf(api, 'hook:question');
    const state = async () => {
      const { pinned, status } = await api.get(one.GET, '/', patternReplySchema, id);
      return { pinned, retired: status === 'retired' };
    };
    for (const [handler, after] of [
      [pin.POST, { pinned: true, retired: false }],
      [retire.POST, { pinned: true, retired: true }],
      [resume.POST, { pinned: true, retired: false }],
      [unpin.POST, { pinned: false, retired: false }],
    ] as const) {
      const response = await api.post(handler, '/', id);
      expect(response.status).toBe(200);
      expect(patternChoiceSchema.parse(await response.json())).toMatchObject({ id, changed: true });
      expect(await state()).toEqual(after);
      const again = patternChoiceSchema.parse(await (await api.post(handler, '/', id)).json());
      expect(again.changed).toBe(false);
    }
    const audit = await db.sql<{ action: string }[]>`
      select action from audit_log where workspace_id = ${api.workspace.id} and target_id = ${id} order by id`;
    expect(audit.map(({ action }) => action)).toEqual([
      'pattern.pin',
      'pattern.retire',
      'pattern.resume',
      'pattern.unpin',
    ]);
    // The answer comes with the memory; what it was made from is committed before.
    const { items } = await api.get(history.GET, '/', patternHistorySchema, id);
    expect(items.at(-1)?.events.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['pinned', 'retired', 'resumed', 'unpinned']),
    );
    expect(new Set(items.map(({ position }) => position)).size).toBe(items.length);
    const told = await db.sql<{ payload: { items: { id: string; pinned: boolean }[] } }[]>`
      select payload from feed_outbox where workspace_id = ${api.workspace.id} and type = 'pattern.updated'
      order by wid`;
    expect(told.some(({ payload }) => payload.items.some((item) => item.id === id && item.pinned))).toBe(
      true,
    );
  });

  it('watches a conjunction without support from its pinning on', async () => {
    const api = await caller();
    await api.record([
      ...planted(300, 'pins'),
      { subject: 's', result: 'success', attributes: { hook: 'rare', topic: 'music' } },
    ]);
    await api.settled();
    const where = ['hook:rare', 'topic:music'];
    const response = await api.post(pins.POST, '/', '', { where });
    expect(response.status).toBe(200);
    const choice = patternChoiceSchema.parse(await response.json());
    expect(choice).toMatchObject({ changed: true, label: 'hook rare and topic music' });
    const id = choice.id ?? '';
    expect(await api.get(one.GET, '/', patternReplySchema, id)).toMatchObject({
      pinned: true,
      pinnedOnly: true,
      n: 1,
      epoch: { n: 0, startedAt: 301 },
    });
    expect((await patternOf(api, where.join('&where='))).confidence).toBeCloseTo(1 / 6, 12);
    const found = await api.get(list.GET, '/api/v1/patterns?pinned=true', patternListSchema);
    expect(found.items.map((item) => item.id)).toEqual([id]);
    const family = await api.get(searched.GET, '/', searchFamilySchema);
    expect(family).toMatchObject({ pinned: 1, pinnedOnly: 1 });
    expect(family.byDepth.reduce((sum, { tracked }) => sum + tracked, 0)).toBe(family.tracked);
    expect((await api.post(retire.POST, '/', id)).status).toBe(200);
    expect((await api.post(unpin.POST, '/', id)).status).toBe(409);
    expect((await api.post(resume.POST, '/', id)).status).toBe(200);
    expect((await api.post(unpin.POST, '/', id)).status).toBe(200);
    const gone = await api.get(lookup.GET, '/api?where=hook:rare&where=topic:music', patternListSchema);
    expect(gone.items[0]).toMatchObject({ id: null, status: 'untracked' });
    const ctx = { ...server.ctx, workspace: api.workspace };
    expect(await patternOrFormer(ctx, id)).toMatchObject({
      pattern: { id, label: 'hook rare and topic music', status: 'retired', since: null, confidence: null },
      why: null,
    });
    expect(await findTrajectory(ctx, id)).toBeNull();
    expect((await patternHistory(ctx, id, {})).items.at(-1)?.events.map(({ kind }) => kind)).toContain(
      'evicted',
    );
    await expect(patternOrFormer(ctx, 'p_000000000000')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(patternHistory(ctx, 'p_000000000000', {})).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const pinnings = await db.sql<{ type: string }[]>`
      select type from feed_outbox where key = ${`pins/${id}`} order by wid`;
    expect(pinnings.map(({ type }) => type)).toEqual(['collection.created', 'collection.deleted']);
  });

  it('says why something cannot be pinned', async () => {
    const api = await caller();
    await api.record(planted(50, 'refused'));
    await api.settled();
    for (const [where, status] of [
      [['hook:never'], 409],
      [['hook:question', 'hook:claim'], 409],
      [['nothing:x'], 422],
      [['hook'], 422],
      [[], 422],
      [['a:1', 'b:1', 'c:1', 'd:1'], 422],
    ] as const) {
      const response = await api.post(pins.POST, '/', '', { where });
      expect([where, response.status]).toEqual([where, status]);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
    }
  });
});

describe('attributes', () => {
  it('are listed, and how one is compared can be declared', async () => {
    const api = await caller();
    await api.record(planted(300, 'modes'));
    await api.settled();
    const { items } = await api.get(attributes.GET, '/', attributeListSchema);
    expect(items.map(({ key }) => key).sort()).toEqual(['day', 'hook', 'topic']);
    const patch = (key: string, body: unknown) =>
      callApi(attribute.PATCH, server.app, api.key, '/', {
        method: 'PATCH',
        params: { key },
        body: JSON.stringify(body),
      });
    const changed = await patch('day', { mode: 'period' });
    expect(changed.status).toBe(200);
    expect(attributeViewSchema.parse(await changed.json()).comparison).toMatchObject({
      mode: 'period',
      by: 'person',
    });
    expect(await patternOf(api, 'day:mo')).toMatchObject({
      period: true,
      oddsRatio: null,
      concurrency: null,
    });
    expect((await patch('day', { mode: 'both' })).status).toBe(422);
    expect((await patch('nobody', { mode: 'period' })).status).toBe(404);
  });
});

describe('permissions', () => {
  it('are asked by every route, and nothing is seen of another workspace', async () => {
    const api = await caller();
    await api.record(planted(300, 'secret'));
    await api.settled();
    const { id } = await patternOf(api, 'hook:question');
    const foreign = keyOf(await makeWorkspace(server.app));
    const recorder = keyOf(api.workspace, ['record']);
    const reader = keyOf(api.workspace, ['read']);
    const ask = async (handler: Handler, actor: Actor | null, method = 'GET', path = '/') =>
      (
        await callApi(handler, server.app, actor, path, {
          method,
          params: { id, key: 'hook' },
          body: '{"mode":"period","where":["hook:claim"]}',
        })
      ).status;
    for (const handler of [one.GET, history.GET, trajectory.GET, why.GET]) {
      expect(await ask(handler, foreign)).toBe(404);
      expect(await ask(handler, recorder)).toBe(403);
      expect(await ask(handler, null)).toBe(401);
    }
    for (const handler of [list.GET, searched.GET, attributes.GET]) {
      expect(await ask(handler, recorder)).toBe(403);
      expect(await ask(handler, null)).toBe(401);
      expect(await ask(handler, foreign, 'GET', `/?ws=${api.workspace.slug}`)).toBe(404);
    }
    expect(await ask(compare.GET, foreign, 'GET', `/?ids=${id},p_other`)).toBe(404);
    for (const handler of [pin.POST, unpin.POST, retire.POST, resume.POST]) {
      expect(await ask(handler, foreign, 'POST')).toBe(404);
      expect(await ask(handler, reader, 'POST')).toBe(403);
    }
    expect(await ask(pins.POST, reader, 'POST')).toBe(403);
    expect(await ask(attribute.PATCH, reader, 'PATCH')).toBe(403);
  });
});
