import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  outcomeDetailSchema,
  outcomeListSchema,
  outcomeViewSchema,
  recordReplySchema,
} from '#lib/contracts/outcome.ts';
import { journeyListSchema, journeyViewSchema } from '#lib/contracts/journey.ts';
import { problemSchema } from '#lib/contracts/problem.ts';
import type { App } from '#lib/server/app.ts';
import type { Actor } from '#lib/server/context.ts';
import { AppError } from '#lib/server/errors.ts';
import * as outcomes from '../../../../src/routes/api/v1/outcomes/+server.ts';
import * as outcome from '../../../../src/routes/api/v1/outcomes/[id]/+server.ts';
import * as restore from '../../../../src/routes/api/v1/outcomes/[id]/restore/+server.ts';
import * as journeys from '../../../../src/routes/api/v1/journeys/+server.ts';
import * as steps from '../../../../src/routes/api/v1/journeys/[id]/steps/+server.ts';
import * as unknown from '../../../../src/routes/api/v1/[...path]/+server.ts';
import { callApi, type ApiCall } from '../../../support/api-event.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/test-database.ts';
import { createTestApp, createTestWorkspace } from '../../../support/test-workspace.ts';

let db: TestDatabase;
let app: App;
let key: Actor & { type: 'api-key' };

beforeAll(async () => {
  db = await createTestDatabase();
  app = await createTestApp(db.database);
});
beforeEach(async () => {
  const workspace = await createTestWorkspace(db.database);
  key = {
    type: 'api-key',
    id: randomUUID(),
    name: 'Script',
    workspace,
    scopes: ['read', 'record'],
  };
});
afterAll(() => db.drop());

const post = (body: unknown, more: ApiCall = {}) =>
  callApi(outcomes.POST, app, key, '/api/v1/outcomes', {
    method: 'POST',
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...more.headers },
  });
const one = { subject: 's', result: 'success' };

async function problemOf(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = problemSchema.parse(await response.json());
  expect(problem.status).toBe(response.status);
  return problem;
}

async function written(): Promise<number[]> {
  const [row] = await db.sql<{ n: number[] }[]>`
    select array[
      (select count(*)::int from outcomes where workspace_id = ${key.workspace.id}),
      (select count(*)::int from log_entries where workspace_id = ${key.workspace.id}),
      (select count(*)::int from feed_outbox where workspace_id = ${key.workspace.id})] as n`;
  return row?.n ?? [];
}

describe('POST /api/v1/outcomes', () => {
  it('takes one object, a list, and lines', async () => {
    for (const response of [
      await post(one),
      await post({ outcomes: [one, one] }),
      await post(`${JSON.stringify(one)}\n\n${JSON.stringify(one)}\n`, {
        headers: { 'content-type': 'application/x-ndjson' },
      }),
    ]) {
      expect(response.status).toBe(201);
      recordReplySchema.parse(await response.json());
    }
    expect(await written()).toEqual([5, 5, 5]);
  });

  it('says which item and which field is wrong, and writes nothing', async () => {
    const response = await post({
      outcomes: [one, { ...one, result: 'won' }, { ...one, attributes: { 'a:b': 1 } }],
    });
    expect(response.status).toBe(422);
    const { issues } = await problemOf(response);
    expect(issues?.map(({ index, path }) => [index, path])).toEqual([
      [1, 'result'],
      [2, 'attributes.a:b'],
    ]);
    expect(await written()).toEqual([0, 0, 0]);
  });

  it.each([
    ['{', 400],
    ['', 400],
    [new Uint8Array([0x7b, 0xff, 0x7d]), 400],
    ['[]', 422],
    ['null', 422],
    ['{"outcomes":{}}', 422],
    ['{"outcomes":[]}', 422],
    ['{"outcomes":[{"subject":"s","result":"success"}],"more":1}', 422],
  ])('answers %j with problem details', async (body, status) => {
    const response = await post(body);
    expect(response.status).toBe(status);
    await problemOf(response);
  });

  it.each([
    [
      'attributes',
      { ...one, attributes: Object.fromEntries(Array.from({ length: 300_000 }, (_, i) => [`:${i}`, 1])) },
    ],
    ['fields', { ...one, ...Object.fromEntries(Array.from({ length: 300_000 }, (_, i) => [`x${i}`, 1])) }],
    [
      'fields beside',
      { outcomes: [one], ...Object.fromEntries(Array.from({ length: 300_000 }, (_, i) => [`x${i}`, 1])) },
    ],
  ])('refuses very many %s at once, in few words', async (_, body) => {
    const response = await post(body);
    expect(response.status).toBe(422);
    const text = await response.text();
    expect(text.length).toBeLessThan(5_000);
  });

  it('stops at 200 problems, and repeats no long name', async () => {
    const bad = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`:${i}`, 1]));
    const before = performance.now();
    const response = await post({ outcomes: Array(5_000).fill({ ...one, attributes: bad }) });
    expect(performance.now() - before).toBeLessThan(1_500);
    const problem = await problemOf(response);
    expect(problem.issues).toHaveLength(200);
    expect(problem.detail).toMatch(/more than 200/);
    expect((await (await post({ ...one, ['x'.repeat(1_000_000)]: 1 })).text()).length).toBeLessThan(2_000);
  });

  it('names the lines of NDJSON that are not JSON', async () => {
    const response = await post(`${JSON.stringify(one)}\n{oops\n`, {
      headers: { 'content-type': 'application/x-ndjson' },
    });
    expect(response.status).toBe(400);
    expect((await problemOf(response)).issues).toMatchObject([{ index: 1 }]);
    expect(await written()).toEqual([0, 0, 0]);
  });

  it('has a cap of 5,000 outcomes and of 16 MB', async () => {
    const line = `${JSON.stringify(one)}\n`;
    expect(
      (await post(line.repeat(5_001), { headers: { 'content-type': 'application/x-ndjson' } })).status,
    ).toBe(422);
    expect((await post({ outcomes: Array(5_001).fill(one) })).status).toBe(422);
    const large = await post(`{"subject":"${'x'.repeat(17 * 1024 * 1024)}"}`);
    expect(large.status).toBe(413);
    await problemOf(large);
  });

  it('answers a repetition under an Idempotency-Key with the same bytes, and another body with 422', async () => {
    const headers = { 'idempotency-key': 'k-1' };
    const first = await post(one, { headers });
    const again = await post(one, { headers });
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect([again.status, await again.text()]).toEqual([201, await first.text()]);
    expect((await post({ ...one, subject: 't' }, { headers })).status).toBe(422);
    expect((await post(one, { headers: { 'idempotency-key': 'a b' } })).status).toBe(422);
    expect(await written()).toEqual([1, 1, 1]);
  });

  it('needs a key that may record', async () => {
    const reader: Actor = { ...key, scopes: ['read'] };
    expect(
      (
        await callApi(outcomes.POST, app, reader, '/api/v1/outcomes', {
          method: 'POST',
          body: JSON.stringify(one),
        })
      ).status,
    ).toBe(403);
    const nobody = await callApi(outcomes.POST, app, null, '/api/v1/outcomes', {
      method: 'POST',
      body: JSON.stringify(one),
    });
    expect(nobody.status).toBe(401);
    await problemOf(nobody);
  });

  it('passes the limit on with Retry-After', async () => {
    const limited = {
      ...app,
      limits: {
        ...app.limits,
        write: () => Promise.reject(new AppError('RATE_LIMITED', 'Slow.', { retryAfterSeconds: 3 })),
      },
    };
    const response = await callApi(outcomes.POST, limited, key, '/api/v1/outcomes', {
      method: 'POST',
      body: JSON.stringify(one),
    });
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '3']);
  });
});

describe('garbage', () => {
  const path = '/api/v1/outcomes';
  const send = (body: string, contentType: string) =>
    callApi(outcomes.POST, app, key, path, {
      method: 'POST',
      body,
      headers: { 'content-type': contentType },
    });
  const types = fc.constantFrom('application/json', 'application/x-ndjson', 'text/plain');
  const anyJson = fc.jsonValue({ noneBig: true } as object);
  const nearly = fc.record(
    {
      subject: fc.oneof(fc.string({ unit: 'binary' }), anyJson),
      result: fc.oneof(fc.constantFrom('success', 'failure', 'neutral'), anyJson),
      value: fc.oneof(fc.double(), anyJson),
      attributes: fc.oneof(
        fc.dictionary(
          fc.string({ unit: 'binary' }),
          fc.oneof(fc.double(), fc.string({ unit: 'binary' }), fc.boolean(), anyJson),
        ),
        anyJson,
      ),
      occurredAt: fc.oneof(
        fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
        anyJson,
      ),
      externalId: fc.oneof(fc.string({ unit: 'binary' }), anyJson),
      journeyId: fc.oneof(fc.uuid(), anyJson),
      note: fc.oneof(fc.string({ unit: 'binary' }), anyJson),
      variant: fc.oneof(fc.string({ unit: 'binary' }), anyJson),
    },
    { requiredKeys: ['subject', 'result'] },
  );

  async function check(body: string, contentType: string): Promise<void> {
    const before = await written();
    const response = await send(body, contentType);
    expect([201, 400, 422]).toContain(response.status);
    const after = await written();
    if (response.status === 201) {
      const { accepted } = recordReplySchema.parse(await response.json());
      expect(after.slice(0, 2)).toEqual(before.slice(0, 2).map((n) => n + accepted));
    } else {
      await problemOf(response);
      expect(after).toEqual(before);
    }
  }

  it('is never a 500 and never half written', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          anyJson.map((json) => JSON.stringify(json)),
        ),
        types,
        check,
      ),
      { numRuns: 150 },
    );
  });

  it('that looks like outcomes is never a 500 and never half written', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(nearly, { minLength: 1, maxLength: 4 }), (list) =>
        check(JSON.stringify({ outcomes: list }), 'application/json'),
      ),
      { numRuns: 300 },
    );
  });

  it('in addresses is never a 500', async () => {
    expect((await callApi(outcomes.GET, app, key, `${path}?subject=%00`)).status).toBe(422);
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          fc.constantFrom('externalId', 'subject', 'result', 'from', 'to', 'limit', 'cursor', 'deleted'),
          fc.string({ unit: 'binary' }),
        ),
        async (query) => {
          const search = new URLSearchParams(query).toString();
          const response = await callApi(outcomes.GET, app, key, `${path}?${search}`);
          expect([200, 422]).toContain(response.status);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('one outcome', () => {
  const at = (id: string) => `/api/v1/outcomes/${id}`;
  const call = (handler: Parameters<typeof callApi>[0], id: string, more: ApiCall = {}) =>
    callApi(handler, app, key, at(id), { ...more, params: { id } });
  const record = async () => recordReplySchema.parse(await (await post(one)).json()).items[0]?.id ?? '';

  it('is read, corrected under If-Match, deleted and restored', async () => {
    const id = await record();
    const read = await call(outcome.GET, id);
    expect(read.headers.get('etag')).toBe('"1"');
    outcomeDetailSchema.parse(await read.json());
    const patch = (ifMatch: string) =>
      call(outcome.PATCH, id, {
        method: 'PATCH',
        body: '{"result":"failure"}',
        headers: { 'if-match': ifMatch },
      });
    const corrected = await patch('"1"');
    expect(corrected.headers.get('etag')).toBe('"2"');
    expect(outcomeViewSchema.parse(await corrected.json()).result).toBe('failure');
    expect((await patch('"1"')).status).toBe(412);
    expect((await patch('one')).status).toBe(400);
    const deleted = await call(outcome.DELETE, id, { method: 'DELETE' });
    expect(outcomeViewSchema.parse(await deleted.json()).deletedAt).not.toBeNull();
    const restored = await call(restore.POST, id, { method: 'POST' });
    expect(outcomeViewSchema.parse(await restored.json())).toMatchObject({ deletedAt: null, revision: 4 });
  });

  it('of another workspace does not exist', async () => {
    const id = await record();
    const workspace = await createTestWorkspace(db.database);
    const foreign: Actor = { ...key, workspace };
    expect((await callApi(outcome.GET, app, foreign, at(id), { params: { id } })).status).toBe(404);
    expect((await call(outcome.GET, 'nonsense')).status).toBe(404);
  });

  it('appears in the list, which is a page with its schema', async () => {
    const id = await record();
    const list = outcomeListSchema.parse(
      await (await callApi(outcomes.GET, app, key, '/api/v1/outcomes?subject=s')).json(),
    );
    expect(list.items.map((item) => item.id)).toEqual([id]);
  });
});

describe('journeys', () => {
  it('are opened once under a key, stepped, listed and closed by an outcome', async () => {
    const open = () =>
      callApi(journeys.POST, app, key, '/api/v1/journeys', {
        method: 'POST',
        body: JSON.stringify({
          subject: 's',
          step: 'first call',
          attributes: { contact: 'cellular', gone: null },
        }),
        headers: { 'idempotency-key': 'j' },
      });
    const journey = journeyViewSchema.parse(await (await open()).json());
    expect(journeyViewSchema.parse(await (await open()).json()).id).toBe(journey.id);
    expect(journey).toMatchObject({ state: 'open', step: 'first call', attributes: { contact: 'cellular' } });
    const step = (body: object) =>
      callApi(steps.POST, app, key, `/api/v1/journeys/${journey.id}/steps`, {
        method: 'POST',
        body: JSON.stringify(body),
        params: { id: journey.id },
      });
    const stepped = journeyViewSchema.parse(
      await (
        await step({ step: 'second call', engagement: 0.5, attributes: { age: 33, contact: null } })
      ).json(),
    );
    expect(stepped).toMatchObject({ step: 'second call', attributes: { age: 33 } });
    expect((await step({ step: '' })).status).toBe(422);
    const late = journeyViewSchema.parse(
      await (await step({ step: 'letter', at: '2020-01-01T00:00:00Z' })).json(),
    );
    expect(late.step).toBe('second call');
    expect((await post({ ...one, journeyId: journey.id })).status).toBe(201);
    expect((await step({ step: 'third call' })).status).toBe(409);
    const list = journeyListSchema.parse(
      await (await callApi(journeys.GET, app, key, '/api/v1/journeys?state=succeeded')).json(),
    );
    expect(list.items.map((item) => item.id)).toEqual([journey.id]);
    const events = await db.sql<{ type: string; rev: number }[]>`
      select type, rev from feed_outbox where workspace_id = ${key.workspace.id} and topic = 'journeys' order by wid`;
    expect(events.map((event) => [event.type, event.rev])).toEqual([
      ['journey.opened', 1],
      ['journey.stepped', 2],
      ['journey.stepped', 3],
      ['journey.closed', 4],
    ]);
  });
});

describe('other methods and paths', () => {
  it('OPTIONS says what there is, without opening the API to other origins', async () => {
    const response = await callApi(outcomes.OPTIONS, app, null, '/api/v1/outcomes', { method: 'OPTIONS' });
    expect([response.status, response.headers.get('allow')]).toEqual([204, 'GET, POST, HEAD, OPTIONS']);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('what is not there is problem details', async () => {
    const put = await callApi(outcomes.fallback, app, key, '/api/v1/outcomes', { method: 'PUT', body: '{}' });
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, POST, HEAD, OPTIONS']);
    await problemOf(put);
    const nowhere = await callApi(unknown.fallback, app, key, '/api/v1/nowhere');
    expect(nowhere.status).toBe(404);
    await problemOf(nowhere);
  });
});

describe('a key that may record but not read', () => {
  it('is told what became of its change, not what was recorded before', async () => {
    const { items } = recordReplySchema.parse(await (await post({ ...one, externalId: 'e1' })).json());
    const opened = await callApi(journeys.POST, app, key, '/api/v1/journeys', {
      method: 'POST',
      body: JSON.stringify({ subject: 'secret' }),
    });
    const journeyId = journeyViewSchema.parse(await opened.json()).id;
    const writer: Actor = { ...key, scopes: ['record'] };
    const call = async (handler: Parameters<typeof callApi>[0], id: string, method: string, body = '{}') => {
      const response = await callApi(handler, app, writer, '/api/v1/x', { method, body, params: { id } });
      expect(response.ok).toBe(true);
      return (await response.json()) as unknown;
    };
    const id = items[0]?.id ?? '';
    expect(await call(outcome.PATCH, id, 'PATCH')).toEqual({
      id,
      externalId: 'e1',
      revision: 1,
      deletedAt: null,
    });
    expect(await call(outcome.DELETE, id, 'DELETE')).toEqual({
      id,
      externalId: 'e1',
      revision: 2,
      deletedAt: expect.any(String) as string,
    });
    expect(await call(restore.POST, id, 'POST')).toEqual({
      id,
      externalId: 'e1',
      revision: 3,
      deletedAt: null,
    });
    expect(await call(steps.POST, journeyId, 'POST', '{"step":"call"}')).toEqual({
      id: journeyId,
      state: 'open',
    });
  });
});
