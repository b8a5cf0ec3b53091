import { afterEach, describe, expect, it } from 'vitest';
import { endSession } from '#lib/server/auth/sessions.ts';
import type { WorkspaceInfo, WorkspaceRole } from '#lib/server/context.ts';
import { readCursor } from '#lib/server/event-log/index.ts';
import { appendAccessChanged } from '#lib/server/services/workspaces/index.ts';
import { createTestDatabase } from '../../support/test-database.ts';
import { watchStatements } from '../../support/watched-database.ts';
import { appendNotes, until } from '../event-log/support.ts';
import { startFeedServer, type FeedServer, type FeedServerOptions, type Member } from './feed-server.ts';
import { RawReader } from './raw-reader.ts';

let server: FeedServer;
let workspace: WorkspaceInfo;
let second: FeedServer | null = null;

async function start(options: FeedServerOptions = {}): Promise<void> {
  server = await startFeedServer(options);
  workspace = await server.addWorkspace('one');
}
afterEach(async () => {
  await second?.stop();
  second = null;
  await server.stop();
});

const read = (who: { token: string }, query = '') => new RawReader(`${server.url}?${query}`, who);
const opened = (who: { token: string }, query = '') => read(who, query).until((r) => r.frames.length > 0);
const seqOf = (cursor: unknown) => Number(String(cursor).split('-')[1]);

async function publish(keys: readonly string[], scope = 'workspace'): Promise<void> {
  await appendNotes(server.db.sql, workspace.id, keys, { type: 'import.progressed', scope });
  server.doorbell.ringFeed();
}

/** As the service does it: the change and its event in one transaction, and no word to any hub. */
async function giveRole(member: Member, role: WorkspaceRole | null): Promise<void> {
  await server.db.sql.begin(async (tx) => {
    await (role === null
      ? tx`delete from memberships where user_id = ${member.id}`
      : tx`update memberships set role = ${role} where user_id = ${member.id}`);
    await appendAccessChanged(tx, workspace.id, member.id);
  });
}

const settled = async (seq: number) =>
  until(
    () => server.hub.stats().head,
    (head) => seqOf(head) >= seq,
  );

describe('a role that changes', () => {
  it('resets the open streams of that person once, within a second, and shows them what they may see now', async () => {
    await start();
    const member = await server.addMember(workspace, 'viewer');
    const other = await server.addMember(workspace, 'viewer');
    const [mine, theirs] = await Promise.all([opened(member), opened(other)]);
    await publish(['hidden'], 'role:admin');
    await publish(['seen']);
    await mine.until((r) => r.keys().includes('seen'));
    const begun = performance.now();
    await giveRole(member, 'admin');
    server.hub.recheck();
    await mine.until((r) => r.of('live').length === 1, 1_000);
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect(mine.of('reset')[0]?.json['reason']).toBe('scope');
    await publish(['for admins'], 'role:admin');
    await mine.until((r) => r.keys().includes('for admins'));
    expect(mine.keys()).not.toContain('hidden');
    expect(mine.of('reset')).toHaveLength(1);
    await giveRole(member, 'viewer');
    await mine.until((r) => r.of('live').length === 2, 1_000);
    await publish(['secret'], 'role:admin');
    await publish(['last']);
    for (const reader of [mine, theirs]) {
      await reader.until((r) => r.keys().includes('last'));
      expect(reader.keys()).not.toContain('secret');
    }
    expect(theirs.of('reset')).toEqual([]);
    for (const reader of [mine, theirs]) reader.close();
  });

  it('does so on an instance that hears no doorbell', async () => {
    await start();
    second = await startFeedServer({ db: server.db, sequence: false, deaf: true });
    const member = await second.addMember(workspace, 'viewer');
    const reader = await new RawReader(second.url, member).until((r) => r.frames.length > 0);
    await giveRole(member, 'admin');
    await reader.until((r) => r.of('reset').length === 1, 1_600);
    reader.close();
  });

  it('resets a client that comes back with a cursor from before it, from memory and from the outbox, and no other', async () => {
    await start();
    const member = await server.addMember(workspace, 'viewer');
    const other = await server.addMember(workspace, 'viewer');
    const cursor = await readCursor(server.db.sql);
    await publish(['hidden'], 'role:admin');
    await giveRole(member, 'admin');
    await publish(['seen']);
    await settled(4);
    second = await startFeedServer({ db: server.db, sequence: false });
    for (const [hub, who] of [
      [server, member],
      [second, await second.addMember(workspace, 'viewer')],
    ] as const) {
      if (hub === second) {
        await giveRole(who, 'admin');
        await publish(['after']);
        await settled(7);
      }
      const again = await new RawReader(`${hub.url}?since=${cursor}`, who).until(
        (r) => r.of('live').length > 0,
      );
      expect(again.of('reset')[0]?.json['reason']).toBe('scope');
      const { id } = again.of('live')[0] ?? {};
      again.close();
      const fine = await new RawReader(`${hub.url}?since=${id}`, who).until((r) => r.frames.length > 0);
      expect(fine.frames[0]?.json['resume']).toBe('ok');
      fine.close();
    }
    const theirs = await read(other, `since=${cursor}`).until((r) => r.deltas.length > 0);
    expect(theirs.of('reset')).toEqual([]);
    expect(theirs.keys()).toContain('seen');
    theirs.close();
  });

  it('ends a poll that waits, so that it answers with nothing of the new rights or the old', async () => {
    await start();
    const member = await server.addMember(workspace, 'admin');
    const cursor = await readCursor(server.db.sql);
    const poll = (query: string) =>
      fetch(`${server.url}/poll?${query}`, { headers: { authorization: `Bearer ${member.token}` } });
    const waiting = poll(`since=${cursor}&wait=20`);
    await until(
      () => server.hub.stats().polls,
      (polls) => polls === 1,
    );
    await giveRole(member, 'viewer');
    const answer = (await (await waiting).json()) as { to: string; events: unknown[] };
    expect(answer).toMatchObject({ to: cursor, events: [] });
    const next = (await (await poll(`since=${answer.to}&wait=0`)).json()) as { reset: { reason: string } };
    expect(next.reset.reason).toBe('scope');
  });
});

describe('what is for one person', () => {
  it('reaches them alone, live, from memory, from the outbox and by polling, though all of a role share their reads', async () => {
    await start();
    const people = await Promise.all(Array.from({ length: 6 }, () => server.addMember(workspace, 'viewer')));
    const [ann] = people;
    if (ann === undefined) throw new Error('nobody');
    const cursor = await readCursor(server.db.sql);
    const check = (who: Member, keys: readonly string[]) =>
      expect(keys).toEqual(who === ann ? ['before', 'hers', 'after'] : ['before', 'after']);
    const watch = async (readers: readonly RawReader[]) => {
      for (const [n, who] of people.entries()) {
        const reader = await readers[n]?.until((r) => r.keys().includes('after'));
        check(who, reader?.keys() ?? []);
        reader?.close();
      }
    };
    const live = await Promise.all(people.map((who) => opened(who)));
    await publish(['before']);
    await publish(['hers'], `user:${ann.id}`);
    await publish(['after']);
    await watch(live);
    expect(server.hub.stats().joined).toBeLessThan(2 * people.length);

    await watch(people.map((who) => read(who, `since=${cursor}`)));
    for (const who of people) {
      const headers = { authorization: `Bearer ${who.token}` };
      const answer = await fetch(`${server.url}/poll?since=${cursor}&wait=0`, { headers });
      const { events } = (await answer.json()) as { events: { key: string }[] };
      check(
        who,
        events.map(({ key }) => key),
      );
    }

    const other = await startFeedServer({ db: server.db, sequence: false });
    second = other;
    const known = people.map((who) => other.know(who));
    await watch(known.map((who) => new RawReader(`${other.url}?since=${cursor}`, who)));
    expect(other.hub.stats().replays).toBeLessThan(3);
  });
});

describe('the end', () => {
  it('of a membership ends the streams with goaway, within a second', async () => {
    await start();
    const member = await server.addMember(workspace, 'analyst');
    const reader = await opened(member);
    await giveRole(member, null);
    await reader.until((r) => r.ended, 1_000);
    expect(reader.of('goaway')[0]?.json['reason']).toBe('revoked');
  });

  it('of a session ends its streams on every instance, and not those of another login', async () => {
    await start();
    second = await startFeedServer({ db: server.db, sequence: false });
    const member = await second.addMember(workspace, 'analyst');
    const elsewhere = await second.addMember(workspace, 'analyst');
    const [mine, other] = await Promise.all(
      [member, elsewhere].map((who) =>
        new RawReader(second?.url ?? '', who).until((r) => r.frames.length > 0),
      ),
    );
    await server.db.sql.begin((tx) => endSession(tx, member.id, member.sessionRowId));
    await mine?.until((r) => r.ended, 1_000);
    expect(mine?.of('goaway')[0]?.json['reason']).toBe('revoked');
    await publish(['still']);
    await other?.until((r) => r.keys().includes('still'));
    expect(other?.ended).toBe(false);
    other?.close();
  });
});

describe('a look at who may read', () => {
  const OF_KEYS = 'from api_keys where id = any';

  it('that gets no answer is given up and done again', async () => {
    const db = await createTestDatabase({ max: 10 });
    let hangs = 0;
    const watched = watchStatements(db, (text) => {
      if (hangs === 0 || !text.includes(OF_KEYS)) return undefined;
      hangs -= 1;
      return new Promise(() => undefined);
    });
    try {
      await start({ db: watched });
      const key = await server.addKey(workspace);
      const reader = await opened(key);
      await db.sql`update api_keys set revoked_at = now() where id = ${key.id}`;
      hangs = 1;
      server.hub.recheck();
      await reader.until((r) => r.ended, 8_000);
      expect(hangs).toBe(0);
      expect(reader.of('goaway')[0]?.json['reason']).toBe('revoked');
    } finally {
      await server.stop();
      await db.drop();
      await start();
    }
  });

  it('because a session ended or a workspace changed leaves the readers of others alone', async () => {
    const db = await createTestDatabase({ max: 10 });
    let looks = 0;
    const watched = watchStatements(db, (text) => {
      if (text.includes(OF_KEYS)) looks += 1;
      return undefined;
    });
    try {
      await start({ db: watched });
      const key = await server.addKey(workspace);
      const member = await server.addMember(workspace, 'viewer');
      const other = await server.addWorkspace('two');
      const [reader, ending] = [await opened(key), await opened(member)];
      await appendNotes(db.sql, other.id, ['other'], { type: 'workspace.changed' });
      await db.sql.begin((tx) => endSession(tx, member.id, member.sessionRowId));
      await ending.until((r) => r.ended, 2_000);
      const later = await opened(key);
      expect(looks).toBe(0);
      for (const each of [reader, later]) each.close();
    } finally {
      await server.stop();
      await db.drop();
      await start();
    }
  });
});

describe('streaming that is switched off', () => {
  it('turns the open streams of those it is off for away within a moment, and later ones at once', async () => {
    let off = new Set<string>();
    const listeners = new Set<() => void>();
    await start({
      streaming: {
        allows: (owner) => !off.has(owner),
        onChange(listener) {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      },
    });
    const [one, two] = [await server.addKey(workspace), await server.addKey(workspace)];
    const [mine, other] = await Promise.all([opened(one), opened(two)]);
    const poll = async () =>
      (await (
        await fetch(`${server.url}/poll?wait=0`, { headers: { authorization: `Bearer ${one.token}` } })
      ).json()) as { streaming: boolean };
    expect(await poll()).toMatchObject({ streaming: true });
    off = new Set([one.id]);
    for (const listener of listeners) listener();
    await mine.until((r) => r.ended, 1_000);
    const late = await read(one).until((r) => r.ended);
    for (const reader of [mine, late]) {
      const [goaway] = reader.of('goaway');
      expect(reader.status).toBe(200);
      expect(goaway?.json['reason']).toBe('off');
      expect(goaway?.retry).toBeGreaterThanOrEqual(25_000);
    }
    expect(await poll()).toMatchObject({ streaming: false });
    await publish(['x']);
    await other.until((r) => r.deltas.length === 1);
    other.close();
    off = new Set();
    const back = await opened(one);
    expect(back.of('goaway')).toEqual([]);
    back.close();
  });
});
