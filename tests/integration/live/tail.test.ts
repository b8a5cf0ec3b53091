import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkspaceInfo } from '#lib/server/context.ts';
import { appendEvents } from '#lib/server/event-log/index.ts';
import { killPrograms, runProgram } from '../../support/run-program.ts';
import { appendNotes, until } from '../event-log/support.ts';
import { startFeedServer, type FeedServer, type Key } from '../feed/feed-server.ts';

let server: FeedServer;
let workspace: WorkspaceInfo;
let key: Key;
let off: Key;

beforeAll(async () => {
  server = await startFeedServer({
    streaming: { allows: (owner) => owner !== off.id, onChange: () => () => undefined },
  });
  workspace = await server.addWorkspace('one');
  key = await server.addKey(workspace);
  off = await server.addKey(workspace);
});
afterAll(async () => {
  killPrograms();
  await server.stop();
});

function tail(parameters: string[], environment: Record<string, string> = {}) {
  return runProgram(process.execPath, ['--import', 'tsx', 'scripts/tail.ts', ...parameters], {
    ...process.env,
    TELLTALE_URL: new URL(server.url).origin,
    TELLTALE_API_KEY: key.token,
    ...environment,
  });
}
const keysOf = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { key: string }).key);
const publish = async (
  keys: string[],
  type: 'workspace.changed' | 'import.progressed' = 'import.progressed',
) => {
  await appendNotes(server.db.sql, workspace.id, keys, { type });
  server.doorbell.ringFeed();
};

describe('npm run tail', () => {
  it('prints the deltas of its topics as lines of JSON, resumes after a cut, and ends cleanly saying where', async () => {
    const run = tail(['--topics', 'collections']);
    await until(
      () => run.err,
      (text) => text.includes('Connected'),
    );
    await publish(['a', 'b']);
    await publish(['no'], 'workspace.changed');
    await until(
      () => keysOf(run.out),
      (keys) => keys.length === 2,
    );
    server.http.closeAllConnections();
    await publish(['c']);
    await until(
      () => keysOf(run.out),
      (keys) => keys.length === 3,
    );
    expect(keysOf(run.out)).toEqual(['a', 'b', 'c']);
    run.child.kill('SIGINT');
    await until(
      () => run.code,
      (code) => code !== undefined,
    );
    expect(run.code).toBe(0);
    const since = /--since (\S+)/.exec(run.err)?.[1] ?? '';
    await publish(['d']);
    const next = tail(['--since', since]);
    await until(
      () => keysOf(next.out),
      (keys) => keys.includes('d'),
    );
    expect(keysOf(next.out)).toEqual(expect.not.arrayContaining(['a', 'b', 'c']));
    next.child.kill('SIGINT');
  });

  it('prints of patterns only the chosen ones', async () => {
    const [a, b] = ['p_aaaaaaaaaaaa', 'p_bbbbbbbbbbbb'];
    const run = tail(['--topics', 'patterns', '--patterns', `${b}, p_notbornyet__`]);
    await until(
      () => run.err,
      (text) => text.includes('Connected'),
    );
    for (const [n, ids] of [[a], [a, b]].entries()) {
      const value = {
        asOf: n,
        totals: { n, successes: 0 },
        leaders: [a],
        items: ids.map((id) => ({ id })),
        more: 0,
      };
      await appendEvents(server.db.sql, workspace.id, [
        { type: 'pattern.updated', key: 'leaders', rev: n, value: value as never },
      ]);
    }
    server.doorbell.ringFeed();
    await until(
      () => run.out,
      (text) => text.includes('\n'),
    );
    const deltas = run.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { value: unknown });
    expect(deltas.map(({ value }) => value)).toEqual([
      { asOf: 1, totals: { n: 1, successes: 0 }, leaders: [], items: [{ id: b }], more: 0 },
    ]);
    run.child.kill('SIGKILL');
  });

  it('says what is wrong with a key or a topic and ends with 1', async () => {
    const wrong = tail(['--key', 'tt_wrong']);
    const topic = tail(['--topics', 'nonsense']);
    const none = tail([], { TELLTALE_API_KEY: '' });
    await until(
      () => [wrong.code, topic.code, none.code],
      (codes) => codes.every((code) => code !== undefined),
      20_000,
    );
    expect([wrong.code, topic.code, none.code]).toEqual([1, 1, 2]);
    expect(wrong.err).toContain('not known');
    expect(topic.err).toContain('Topics are');
  });

  it('says that it polls because streaming is switched off, rather than that streams are lost on the way', async () => {
    const run = tail(['--topics', 'collections', '--key', off.token]);
    await until(
      () => run.err,
      (text) => text.includes('polling'),
    );
    expect(run.err).toContain('Streaming is switched off; polling');
    run.child.kill('SIGKILL');
  });

  it('ends without a word when its reader does', async () => {
    const run = tail([]);
    await until(
      () => run.err,
      (text) => text.includes('Connected'),
    );
    run.child.stdout?.destroy();
    await publish(['x', 'y', 'z']);
    await until(
      () => run.code,
      (code) => code !== undefined,
    );
    expect(run.code).toBe(0);
    expect(run.err).not.toContain('Error');
  });
});
