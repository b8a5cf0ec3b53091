import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { createDoorbell, type DoorbellService } from '#lib/server/event-log/index.ts';
import { freePort } from '../../support/running-server.ts';
import { until, workspaceId } from './support.ts';

const hasRedis = spawnSync('redis-server', ['--version']).status === 0;
if (!hasRedis)
  console.info('Skipped: there is no redis-server on this machine to try the Redis doorbell with.');

/** No database behind it: what is heard came through Redis. */
const NOWHERE = 'postgres://nobody@127.0.0.1:1/none';
const servers: ChildProcess[] = [];
const bells: DoorbellService[] = [];

afterEach(async () => {
  for (const bell of bells.splice(0)) await bell.stop();
  for (const server of servers.splice(0)) await kill(server);
});

async function kill(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGKILL');
  await gone;
}

function startRedis(port: number): ChildProcess {
  const server = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    { stdio: 'ignore' },
  );
  servers.push(server);
  return server;
}

async function bell(port: number, database = NOWHERE): Promise<DoorbellService> {
  const made = createDoorbell({ url: database, redisUrl: `redis://127.0.0.1:${port}` });
  bells.push(made);
  await made.start();
  return made;
}

const hears = (doorbell: DoorbellService) =>
  until(
    () => doorbell.listeningByRedis,
    (listening) => listening,
  );

describe.skipIf(!hasRedis)('the doorbell through Redis', () => {
  it('carries all three rings to other instances, and none to another installation or back', async () => {
    const port = await freePort();
    startRedis(port);
    const [a, b, foreign] = [
      await bell(port),
      await bell(port),
      await bell(port, 'postgres://nobody@127.0.0.1:1/other'),
    ];
    for (const each of [a, b, foreign]) await hears(each);
    const heard: unknown[] = [];
    const home: unknown[] = [];
    b.onLog((id) => heard.push(id));
    b.onFeed(() => heard.push('feed'));
    b.onSequenced((seq) => heard.push(seq));
    a.onSequenced((seq) => home.push(seq));
    foreign.onSequenced(() => heard.push('foreign'));
    const id = workspaceId();
    a.ringLog(id);
    a.ringFeed();
    a.ringSequenced(41);
    await until(
      () => heard.length,
      (length) => length === 3,
    );
    expect(heard).toEqual([id, 'feed', 41]);
    expect(home).toEqual([41]);
  });

  it('rings on without Redis, and looks once when it hears again', async () => {
    const port = await freePort();
    const first = startRedis(port);
    const [a, b] = [await bell(port), await bell(port)];
    for (const each of [a, b]) await hears(each);
    await kill(first);
    await until(
      () => b.listeningByRedis,
      (listening) => !listening,
    );
    const own: number[] = [];
    const other: number[] = [];
    a.onSequenced((seq) => own.push(seq));
    b.onSequenced((seq) => other.push(seq));
    a.ringSequenced(7);
    expect(own).toEqual([7]);
    startRedis(port);
    for (const each of [a, b]) await hears(each);
    expect(other).toContain(0);
    await until(
      () => {
        a.ringSequenced(8);
        return other.includes(8);
      },
      (rung) => rung,
    );
  });

  it('hears though it may not ring, and asks again to hear when that was refused', async () => {
    const port = await freePort();
    startRedis(port);
    const admin = new Redis({ port, host: '127.0.0.1' });
    // It tries again while the server starts.
    admin.on('error', () => undefined);
    try {
      await admin.call('ACL', 'SETUSER', 'default', '-publish');
      const mute = await bell(port);
      await hears(mute);
      mute.ringSequenced(1);
      await until(
        () => admin.call('ACL', 'LOG'),
        (denied) => Array.isArray(denied) && denied.length > 0,
      );
      await admin.ping();
      expect(mute.listeningByRedis).toBe(true);
      await admin.call('ACL', 'LOG', 'RESET');
      await admin.call('ACL', 'SETUSER', 'default', '+publish', '-subscribe');
      const deaf = await bell(port);
      await until(
        () => admin.call('ACL', 'LOG'),
        (denied) => Array.isArray(denied) && denied.length > 0,
      );
      expect(deaf.listeningByRedis).toBe(false);
      await admin.call('ACL', 'SETUSER', 'default', '+subscribe');
      await hears(deaf);
    } finally {
      admin.disconnect();
    }
  });

  it('that was never there disturbs nobody', async () => {
    const port = await freePort();
    const alone = await bell(port);
    const rung: number[] = [];
    alone.onSequenced((seq) => rung.push(seq));
    alone.ringSequenced(3);
    expect(rung).toEqual([3]);
    expect(alone.listeningByRedis).toBe(false);
  });
});
