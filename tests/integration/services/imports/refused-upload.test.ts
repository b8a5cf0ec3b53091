import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Context } from '#lib/server/context.ts';
import { problemResponse } from '#lib/server/error-mapping.ts';
import { receiveUpload } from '#lib/server/services/imports/index.ts';
import { sendSlowly, serveRequests, type RequestServer } from '../../../support/http-once.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/test-database.ts';
import { createTestApp, createTestWorkspace, testContext } from '../../../support/test-workspace.ts';

const MEGABYTE = 1024 * 1024;
const type = { 'content-type': 'multipart/form-data; boundary=cut' };
const HEAD = '--cut\r\ncontent-disposition: form-data; name="file"; filename="calls.csv"\r\n\r\n';

let db: TestDatabase;
let ctx: Context;
let shutdown: AbortController;
let server: RequestServer;

beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  shutdown = new AbortController();
  const app = await createTestApp(db.database, { draining: shutdown.signal });
  ctx = testContext(app, await createTestWorkspace(db.database));
  server = await serveRequests(async (request) => {
    try {
      return Response.json(await receiveUpload(ctx, request, { maxBytes: 2 * MEGABYTE }));
    } catch (thrown) {
      return problemResponse(thrown, 'test');
    }
  });
});
afterEach(() => server.close());
afterAll(() => db.drop());

function* formOf(content: Uint8Array): Generator<Uint8Array | string> {
  yield HEAD;
  for (let at = 0; at < content.length; at += 65_536) yield content.subarray(at, at + 65_536);
  yield '\r\n--cut--\r\n';
}
const kept = () => db.sql`select 1 from imports where workspace_id = ${ctx.workspace.id}`;

const table = Buffer.from(`y,a\n${'yes,1\nno,2\n'.repeat(900_000)}`);
const bomb = Buffer.concat([gzipSync(Buffer.alloc(8 * MEGABYTE, 120)), gzipSync(randomBytes(4 * MEGABYTE))]);
const broken = Buffer.concat([gzipSync(table).subarray(0, 2_000), randomBytes(4 * MEGABYTE)]);
const trailed = Buffer.concat([gzipSync('y,a\nyes,1\nno,2\n'), Buffer.alloc(4 * MEGABYTE)]);

describe('an upload of several megabytes', () => {
  it.each([
    ['too large', table, 413, 'larger than 2 MB'],
    ['too large when unpacked', bomb, 413, 'larger than 2 MB'],
    ['a broken gzip file', broken, 422, 'gzip file is broken'],
  ])(
    'that is %s is answered in words, and nothing is kept',
    async (_what, content, status, words) => {
      const sent = await sendSlowly(server.url, type, formOf(content));
      expect(sent).toMatchObject({ status });
      expect(sent.text).toContain(words);
      expect(await kept()).toEqual([]);
    },
    30_000,
  );

  it('is answered when a gzip file goes on behind its end', async () => {
    expect((await sendSlowly(server.url, type, formOf(trailed))).status).toBeLessThan(500);
  }, 30_000);

  it('that stops midway ends with the server, and nothing is kept', async () => {
    let told: (thrown: unknown) => void = () => undefined;
    const refused = new Promise((resolve) => (told = resolve));
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Buffer.from(`${HEAD}y,a\nyes,1\n`)),
    });
    const request = new Request('http://localhost/', {
      method: 'POST',
      headers: type,
      body,
      duplex: 'half',
    } as RequestInit);
    receiveUpload(ctx, request).catch(told);
    await expect.poll(async () => (await kept()).length).toBe(1);
    shutdown.abort();
    expect(await refused).toMatchObject({ code: 'UNAVAILABLE' });
    expect(await kept()).toEqual([]);
  }, 30_000);
});

it('a form without a boundary is refused in words', async () => {
  const sent = await sendSlowly(server.url, { 'content-type': 'multipart/form-data' }, ['x']);
  expect(sent).toMatchObject({ status: 422 });
  expect(sent.text).toContain('This form cannot be read');
});
