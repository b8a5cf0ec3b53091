import { with_request_store } from '@sveltejs/kit/internal/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { problemSchema } from '#lib/contracts/problem.ts';
import { isUnanswered } from '#lib/components/live/come-back.ts';
import { handle, handleError } from '#lib/server/hooks.ts';

const RUNTIME = Symbol.for('telltale.runtime');
const lost = Object.assign(new Error('write CONNECTION_CLOSED 10.0.0.7:5432'), { code: 'CONNECTION_CLOSED' });

beforeEach(() => {
  const gone = () => Promise.reject(lost);
  const select = () => ({ from: () => ({ innerJoin: () => ({ where: gone }), where: gone }) });
  const app = {
    db: { sql: gone, orm: { select } },
    env: {},
    now: Date.now,
    feed: { turnAway: (reason: string) => new Response(reason) },
  };
  Reflect.set(globalThis, RUNTIME, { app });
});
afterEach(() => void Reflect.deleteProperty(globalThis, RUNTIME));

/** A request of somebody who says who they are, while the database cannot be asked whether it is so. */
async function answerTo(path: string): Promise<Response> {
  const url = new URL(path, 'http://localhost:3000');
  const headers = { authorization: `Bearer tt_${'a'.repeat(43)}` };
  const event = {
    url,
    request: new Request(url, { headers }),
    cookies: { get: () => undefined },
    locals: {},
  };
  const resolve = () => new Response('let through');
  // What Kit sets up around its hooks.
  const store = {
    event,
    state: { tracing: { record_span: ({ fn }: { fn: (span: object) => unknown }) => fn({}) } },
  };
  return with_request_store(store, () => handle({ event, resolve } as never)) as Promise<Response>;
}

describe('a request while the database is away', () => {
  it('is answered by the API with 503 as problem details', async () => {
    const response = await answerTo('/api/v1/metrics');
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(problemSchema.parse(await response.json()).code).toBe('UNAVAILABLE');
  });

  it('for a stream is a goodbye, because an EventSource takes any other status as final; a poll is told', async () => {
    const stream = await answerTo('/api/v1/feed');
    expect([stream.status, await stream.text()]).toEqual([200, 'unavailable']);
    expect((await answerTo('/api/v1/feed/poll')).status).toBe(503);
  });

  it('is a 503 of a page too', async () => {
    await expect(answerTo('/w/calls')).rejects.toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
  });

  it('leaves a page whose data was being read to come back by itself, and a fault of the page not', async () => {
    const shown = async (error: Error) => {
      const event = { route: { id: '/w/[workspace]' } };
      const told = await handleError({ error, event, status: 500, message: 'Internal Error' } as never);
      expect(JSON.stringify(told)).not.toContain('10.0.0.7');
      return isUnanswered(500, told ?? null);
    };
    const stopping = Object.assign(new Error('terminating connection to 10.0.0.7'), { code: '57P01' });
    expect(await shown(stopping)).toBe(true);
    expect(await shown(new Error('Failed query', { cause: lost }))).toBe(true);
    expect(await shown(Object.assign(new Error('duplicate key'), { code: '23505' }))).toBe(false);
  });
});
