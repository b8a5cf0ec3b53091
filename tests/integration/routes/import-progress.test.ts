import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '#lib/server/app.ts';
import type { Actor, WorkspaceInfo } from '#lib/server/context.ts';
import { POST } from '../../../src/routes/w/[workspace]/outcomes/import/[id]/progress/+server.ts';
import { callApi } from '../../support/api-event.ts';
import { addMember, createIdentityApp } from '../../support/identity.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';
import { createTestWorkspace } from '../../support/test-workspace.ts';

let db: TestDatabase;
let app: App;
let shutdown: AbortController;
let listening: number;
let workspace: WorkspaceInfo;
let actor: Actor;

beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  shutdown = new AbortController();
  listening = 0;
  const identity = createIdentityApp(db.database);
  const doorbell = {
    ...identity.doorbell,
    onSequenced: () => {
      listening++;
      return () => void listening--;
    },
  };
  app = { ...identity, doorbell, draining: shutdown.signal };
  workspace = await createTestWorkspace(db.database);
  actor = await addMember(identity, workspace, 'viewer');
});
afterAll(() => db.drop());

/** An import that nobody works on, so that it never rests. */
async function openProgress() {
  const [row] = await db.sql<{ id: string }[]>`
    insert into imports (workspace_id, created_by, file_name, digest, bytes, state)
    values (${workspace.id}, 'Ana', 'calls.csv', '', 0, 'checking') returning id`;
  const path = `/w/${workspace.slug}/outcomes/import/${row?.id}/progress`;
  const response = await callApi(POST, app, actor, path, {
    method: 'POST',
    params: { workspace: workspace.slug, id: row?.id ?? '' },
  });
  if (response.body === null) throw new Error('The response has no body.');
  return response.body.pipeThrough(new TextDecoderStream()).getReader();
}

async function readToEnd(reader: ReadableStreamDefaultReader<string>): Promise<string> {
  let text = '';
  for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;
  return text;
}

describe('progress of an import', () => {
  it('is streamed until the server stops, which ends it at once', async () => {
    const reader = await openProgress();
    let text = '';
    while (!text.includes('\n\n')) text += (await reader.read()).value ?? '';
    expect(text).toContain('event: import');
    expect(text).toContain('"state":"checking"');
    expect(listening).toBe(1);
    shutdown.abort();
    await readToEnd(reader);
    await expect.poll(() => listening).toBe(0);
  }, 30_000);

  it('ends by itself when it is asked for while the server stops', async () => {
    shutdown.abort();
    await readToEnd(await openProgress());
    await expect.poll(() => listening).toBe(0);
  }, 30_000);
});
