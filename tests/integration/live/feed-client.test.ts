import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkspaceInfo } from '#lib/server/context.ts';
import { killPrograms, runProgram } from '../../support/run-program.ts';
import { projectRoot } from '../../support/running-server.ts';
import { appendNotes, until } from '../event-log/support.ts';
import { startFeedServer, type FeedServer, type Key } from '../feed/feed-server.ts';

/** The client as another project has it: installed, imported by name, run by Node alone. */

const run = promisify(execFile);
let server: FeedServer;
let workspace: WorkspaceInfo;
let key: Key;
let project: string;

beforeAll(async () => {
  await run(process.execPath, ['scripts/build-client.mjs'], { cwd: projectRoot });
  project = mkdtempSync(join(tmpdir(), 'telltale-client-'));
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(projectRoot, join(project, 'node_modules', 'telltale'));
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  server = await startFeedServer();
  workspace = await server.addWorkspace('one');
  key = await server.addKey(workspace);
});
afterAll(async () => {
  killPrograms();
  rmSync(project, { recursive: true, force: true });
  await server.stop();
});

const SCRIPT = `
import { FeedClient } from 'telltale/feed-client';
const feed = new FeedClient({
  url: process.env.FEED_URL,
  headers: { authorization: 'Bearer ' + process.env.FEED_KEY },
  topics: ['collections'],
});
feed.subscribe('import.progressed', (value, delta) => {
  console.log(delta.key);
  if (delta.key === 'end') feed.disconnect();
});
feed.connect();
`;

const TYPED = `
import { FeedClient, type Delta, type FeedState } from 'telltale/feed-client';
const feed = new FeedClient({ url: 'http://localhost:3000/api/v1/feed', patterns: ['p_aaaaaaaaaaaa'] });
const end: () => void = feed.subscribe('outcome.recorded', (value, delta: Delta) => {
  const subject: string = 'items' in value ? (value.items[0]?.subject ?? '') : value.subject;
  console.log(subject, delta.c);
});
const state: FeedState = feed.state;
// @ts-expect-error there is no such event
feed.subscribe('outcome.imagined', () => undefined);
console.log(end, state);
`;

describe('the feed client, imported by name', () => {
  it('reads the feed from plain Node, resumes after a cut, and lets the process end', async () => {
    const file = join(project, 'read.js');
    writeFileSync(file, SCRIPT);
    const state = runProgram(process.execPath, [file], {
      PATH: process.env['PATH'],
      FEED_URL: server.url,
      FEED_KEY: key.token,
    });
    const publish = async (keys: string[]) => {
      await appendNotes(server.db.sql, workspace.id, keys, { type: 'import.progressed' });
      server.doorbell.ringFeed();
    };
    await until(
      () => server.hub.stats().streams,
      (streams) => streams === 1,
    );
    await publish(['a', 'b']);
    await until(
      () => state.out,
      (out) => out === 'a\nb\n',
    );
    server.http.closeAllConnections();
    await publish(['c', 'end']);
    await until(
      () => state.code,
      (code) => code !== undefined,
    );
    expect([state.out, state.err, state.code]).toEqual(['a\nb\nc\nend\n', '', 0]);
  });

  it('is typed by the contracts', async () => {
    const file = join(project, 'typed.ts');
    writeFileSync(file, TYPED);
    const tsc = join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');
    const options = ['--strict', '--noEmit', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022'];
    const types = ['--types', 'node', '--typeRoots', join(projectRoot, 'node_modules', '@types')];
    const answer = await run(process.execPath, [tsc, ...options, ...types, '--lib', 'es2023,dom', file], {
      cwd: project,
    }).catch((thrown: { stdout: string }) => thrown);
    expect(answer.stdout).toBe('');
  });
});
