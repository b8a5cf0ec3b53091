import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkspaceInfo } from '#lib/server/context.ts';
import { killPrograms, runProgram } from '../../support/run-program.ts';
import { appendNotes, until } from '../event-log/support.ts';
import { startFeedServer, type FeedServer, type Key } from '../feed/feed-server.ts';

const hasPython = spawnSync('python3', ['--version']).status === 0;

/** The program of docs/feed.md, as somebody copies it. */
function programOfTheDocs(): string {
  const program = /```python\n(.*?)```/s.exec(readFileSync('docs/feed.md', 'utf8'))?.[1];
  if (program === undefined) throw new Error('docs/feed.md has no Python any more.');
  return program;
}

interface Line {
  event: string;
  cursor: string;
  data: { key: string };
}

describe.skipIf(!hasPython)('the Python program of the docs (skipped where there is no python3)', () => {
  let server: FeedServer;
  let workspace: WorkspaceInfo;
  let key: Key;
  beforeAll(async () => {
    server = await startFeedServer();
    workspace = await server.addWorkspace('one');
    key = await server.addKey(workspace);
  });
  afterAll(async () => {
    killPrograms();
    await server.stop();
  });

  function follow(since: string, token = key.token, url = server.url) {
    return runProgram('python3', ['-c', programOfTheDocs(), since], {
      ...process.env,
      FEED: `${url}?topics=collections`,
      TELLTALE_API_KEY: token,
    });
  }
  const linesOf = (text: string) =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line);
  const keysOf = (text: string) => linesOf(text).map(({ data }) => data.key);
  const publish = async (keys: string[]) => {
    await appendNotes(server.db.sql, workspace.id, keys, { type: 'import.progressed' });
    server.doorbell.ringFeed();
  };
  const named = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `note ${from + i}`);

  it('has every event once, through cuts and a start of its own from the last cursor', async () => {
    const from = server.hub.stats().head;
    const first = follow(from);
    await publish(named(0, 20));
    await until(
      () => keysOf(first.out).length,
      (n) => n >= 20,
    );
    server.http.closeAllConnections();
    await publish(named(20, 40));
    await until(
      () => keysOf(first.out).length,
      (n) => n >= 40,
    );
    expect(keysOf(first.out)).toEqual(named(0, 40));
    first.child.kill('SIGKILL');
    await publish(named(40, 60));
    const second = follow(linesOf(first.out).at(-1)?.cursor ?? '');
    await until(
      () => keysOf(second.out).length,
      (n) => n >= 20,
    );
    expect(keysOf(second.out)).toEqual(named(40, 60));
  });

  it('ends with what the server says when the key is not known', async () => {
    const run = follow('', 'tt_nobody');
    await until(
      () => run.code,
      (code) => code !== undefined,
    );
    expect([run.code, run.err]).toEqual([1, expect.stringContaining('401')]);
  });

  it('ends with a 404 of the server, and not with one of something in front of it', async () => {
    const types = ['text/html', 'application/problem+json'];
    const answers = types.values();
    const front = createServer((_, response) => {
      response.writeHead(404, { 'content-type': answers.next().value ?? 'text/plain' }).end('{}');
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    const { port } = front.address() as AddressInfo;
    const run = follow('', key.token, `http://127.0.0.1:${port}`);
    await until(
      () => run.code,
      (code) => code !== undefined,
    );
    expect([run.code, run.err]).toEqual([1, expect.stringContaining('404')]);
    expect(answers.next().done).toBe(true);
    await new Promise((resolve) => front.close(resolve));
  });
});
