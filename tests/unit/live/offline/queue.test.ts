import 'fake-indexeddb/auto';
import { afterEach, describe, expect, it } from 'vitest';
import type { OutcomeFormValues } from '#lib/contracts/outcome-form.ts';
import { flush } from '#lib/live/offline/flush.ts';
import { byLease, byLocks } from '#lib/live/offline/one-at-a-time.ts';
import type { SendAnswer, UnsentOutcome } from '#lib/live/offline/unsent-outcome.ts';
import { UnsentStore } from '#lib/live/offline/unsent-store.ts';

const OWNER = 'w1/u1';
const OTHER = 'w1/u2';
const opened: UnsentStore[] = [];
/** A tab's own connection to the one store of the browser. */
async function openStore(): Promise<UnsentStore> {
  const store = await UnsentStore.open();
  opened.push(store);
  return store;
}
afterEach(async () => {
  for (const store of opened.splice(0)) store.close();
  await new Promise<void>((done, fail) => {
    const request = indexedDB.deleteDatabase('telltale-unsent');
    request.onsuccess = () => done();
    request.onerror = () => fail(new Error('The store was not deleted.'));
  });
});

const values = (once: string, change: Partial<OutcomeFormValues> = {}): OutcomeFormValues => ({
  subject: `client ${once}`,
  variant: '',
  journeyId: '',
  result: 'success',
  value: '',
  when: 'Now',
  note: '',
  attributes: [],
  extra: [],
  another: true,
  once,
  ...change,
});
const keep = (store: UnsentStore, once: string, owner = OWNER) =>
  store.keep({ owner, values: values(once), at: 1_000 });

const REFUSED: SendAnswer = {
  kind: 'held',
  trouble: {
    kind: 'refused',
    message: 'Not a number.',
    issues: [{ path: 'value', message: 'Digits only.' }],
  },
};

/** A server that writes each key once, for ever, and remembers the content of a key for a day. */
class Server {
  /** Keys in the order in which they were applied. */
  readonly applied: string[] = [];
  readonly #content = new Map<string, string>();
  /** Sendings whose answer is lost on the way back. */
  loseAnswers = 0;
  refuses = new Set<string>();
  faults = new Set<string>();
  isAway = false;
  /** Called while a request is on its way. */
  meanwhile: (() => Promise<unknown>) | null = null;
  busy = 0;
  mostBusy = 0;

  send = async ({ values: { once, ...content } }: UnsentOutcome): Promise<SendAnswer> => {
    this.mostBusy = Math.max(this.mostBusy, (this.busy += 1));
    await this.meanwhile?.();
    await new Promise((next) => setImmediate(next));
    this.busy -= 1;
    if (this.isAway) return { kind: 'later', reason: 'network', afterMs: null };
    if (this.faults.has(once)) return { kind: 'later', reason: 'fault', afterMs: null };
    if (this.refuses.has(once)) return REFUSED;
    const known = this.#content.get(once);
    const said = JSON.stringify(content);
    if (known !== undefined && known !== said && !this.forgot)
      return { kind: 'held', trouble: { kind: 'saved-before', message: 'Saved before.', issues: [] } };
    if (known === undefined) {
      this.#content.set(once, said);
      this.applied.push(once);
    }
    if (this.loseAnswers > 0) {
      this.loseAnswers -= 1;
      return { kind: 'later', reason: 'network', afterMs: null };
    }
    return { kind: 'saved', id: `id of ${once}`, duplicate: known !== undefined };
  };
  /** More than a day has passed: only the externalId is known. */
  forgot = false;
}

const run = (store: UnsentStore, server: Server, owner = OWNER) =>
  flush(owner, { store, send: server.send, onSettled: () => undefined });
const keysOf = (entries: readonly UnsentOutcome[]) => entries.map(({ values: { once } }) => once);

describe('what waits', () => {
  it('is sent in the order of recording, whichever tab recorded it, 200 of them once each', async () => {
    const [one, two] = [await openStore(), await openStore()];
    const keys = Array.from({ length: 200 }, (_, i) => `k${i}`);
    for (const [i, key] of keys.entries()) await keep(i % 3 === 0 ? two : one, key);
    const server = new Server();
    server.isAway = true;
    expect(await run(one, server)).toEqual({ kind: 'later', reason: 'network', afterMs: null });
    expect((await one.all(OWNER)).map(({ attempts }) => attempts).slice(0, 3)).toEqual([1, 0, 0]);
    server.isAway = false;
    expect(await run(two, server)).toEqual({ kind: 'done' });
    expect(server.applied).toEqual(keys);
    expect(await one.all(OWNER)).toEqual([]);
  });

  it('is sent by one of two tabs at a time', async () => {
    const [one, two] = [await openStore(), await openStore()];
    for (const key of ['a', 'b', 'c', 'd']) await keep(one, key);
    const server = new Server();
    const locks = byLocks(new Locks() as unknown as LockManager);
    await Promise.all(
      [one, two].map((store) => locks.run(OWNER, async () => void (await run(store, server)))),
    );
    expect(server.applied).toEqual(['a', 'b', 'c', 'd']);
    expect(server.mostBusy).toBe(1);
  });

  it('is sent by one of two tabs at a time also without locks, and by the other when the first dies', async () => {
    const [one, two] = [await openStore(), await openStore()];
    for (const key of ['a', 'b', 'c']) await keep(one, key);
    const server = new Server();
    let now = 0;
    const [first, second] = [byLease(one, 'first', () => now), byLease(two, 'second', () => now)];
    const turns = await Promise.all([
      first.run(OWNER, async () => void (await run(one, server))),
      second.run(OWNER, async () => void (await run(two, server))),
    ]);
    expect(turns).toEqual([true, false]);
    expect(server.applied).toEqual(['a', 'b', 'c']);
    expect(await second.run(OWNER, () => Promise.resolve())).toBe(true);
    await keep(one, 'd');
    // The first takes the turn and never comes to its end.
    const dead = first.run(OWNER, () => new Promise(() => undefined));
    await expect.poll(() => second.run(OWNER, () => Promise.resolve())).toBe(false);
    now += 45_000;
    expect(await second.run(OWNER, async () => void (await run(two, server)))).toBe(true);
    expect(server.applied).toEqual(['a', 'b', 'c', 'd']);
    expect(dead).toBeInstanceOf(Promise);
  });

  it.each(['lets go', 'dies'])(
    'is sent without locks also when the clock is put right after a tab that %s',
    async (what) => {
      const [one, two] = [await openStore(), await openStore()];
      let now = Date.UTC(2035, 0, 1);
      const [first, second] = [byLease(one, 'first', () => now), byLease(two, 'second', () => now)];
      let died: () => void = () => undefined;
      const dead = new Promise<void>((end) => (died = end));
      const turn = first.run(OWNER, () => (what === 'dies' ? dead : Promise.resolve()));
      if (what === 'lets go') await turn;
      else await expect.poll(() => second.run(OWNER, () => Promise.resolve())).toBe(false);
      now = Date.UTC(2026, 0, 1);
      expect(await second.run(OWNER, () => Promise.resolve())).toBe(true);
      died();
      await turn;
    },
  );

  it('is applied once even where two tabs send at the same time', async () => {
    const [one, two] = [await openStore(), await openStore()];
    for (const key of ['a', 'b', 'c']) await keep(one, key);
    const server = new Server();
    await Promise.all([run(one, server), run(two, server)]);
    expect([...server.applied].sort()).toEqual(['a', 'b', 'c']);
    expect(await one.all(OWNER)).toEqual([]);
  });

  it('whose answer was lost is sent again under its key, by the next tab, and applied once', async () => {
    const crashed = await openStore();
    for (const key of ['a', 'b']) await keep(crashed, key);
    const server = new Server();
    server.loseAnswers = 1;
    await run(crashed, server);
    expect((await crashed.all(OWNER))[0]).toMatchObject({ attempts: 1, uncertain: 1 });
    crashed.close();
    const next = await openStore();
    expect(await run(next, server)).toEqual({ kind: 'done' });
    expect(server.applied).toEqual(['a', 'b']);
    expect(await next.all(OWNER)).toEqual([]);
  });

  it('of other people and workspaces stays', async () => {
    const store = await openStore();
    await keep(store, 'mine');
    await keep(store, 'hers', OTHER);
    await keep(store, 'elsewhere', 'w2/u1');
    const server = new Server();
    await run(store, server);
    expect(server.applied).toEqual(['mine']);
    expect(keysOf(await store.all(OTHER))).toEqual(['hers']);
  });

  it('that is kept twice under one key is one', async () => {
    const store = await openStore();
    await Promise.all([keep(store, 'a'), keep(store, 'a')]);
    expect(await store.all(OWNER)).toHaveLength(1);
  });

  it('that comes while others are sent is sent with them', async () => {
    const store = await openStore();
    await keep(store, 'a');
    const server = new Server();
    server.meanwhile = async () => {
      server.meanwhile = null;
      await keep(store, 'b');
    };
    await run(store, server);
    expect(server.applied).toEqual(['a', 'b']);
  });
});

describe('trouble', () => {
  it('one that is refused is held with its message and lets those behind it pass', async () => {
    const store = await openStore();
    for (const key of ['a', 'b', 'c']) await keep(store, key);
    const server = new Server();
    server.refuses.add('b');
    expect(await run(store, server)).toEqual({ kind: 'done' });
    expect(server.applied).toEqual(['a', 'c']);
    const [held] = await store.all(OWNER);
    expect(held).toMatchObject({ trouble: { message: 'Not a number.' }, uncertain: null });
    await run(store, server);
    expect((await store.all(OWNER))[0]?.attempts).toBe(1);
    server.refuses.clear();
    await store.keep({ owner: OWNER, values: values('b', { value: '12' }), at: 9, replaces: held?.seq ?? 0 });
    await run(store, server);
    expect(server.applied).toEqual(['a', 'c', 'b']);
    expect(await store.all(OWNER)).toEqual([]);
  });

  it('nobody logged in, or no right to record, leaves all where they are', async () => {
    for (const answer of [
      { kind: 'login' } as const,
      { kind: 'forbidden', message: 'You may read only.' } as const,
    ]) {
      const store = await openStore();
      await keep(store, 'a');
      await keep(store, 'b');
      let sent = 0;
      const end = await flush(OWNER, {
        store,
        send: () => Promise.resolve(((sent += 1), answer)),
        onSettled: () => undefined,
      });
      expect(end).toEqual(answer);
      expect(sent).toBe(1);
      expect(await store.all(OWNER)).toMatchObject([{ uncertain: null, trouble: null }, { attempts: 0 }]);
    }
  });

  it('one on which the server fails again and again lets the others pass, and is tried again', async () => {
    const store = await openStore();
    for (const key of ['a', 'bad', 'c']) await keep(store, key);
    const server = new Server();
    server.faults.add('bad');
    await run(store, server);
    await run(store, server);
    expect(server.applied).toEqual(['a']);
    expect(await run(store, server)).toEqual({ kind: 'later', reason: 'fault', afterMs: null });
    expect(server.applied).toEqual(['a', 'c']);
    server.faults.clear();
    expect(await run(store, server)).toEqual({ kind: 'done' });
    expect(server.applied).toEqual(['a', 'c', 'bad']);
  });

  it('one that often had no network before the server fails on it still comes first', async () => {
    const store = await openStore();
    for (const key of ['a', 'b', 'c']) await keep(store, key);
    const server = new Server();
    server.isAway = true;
    await run(store, server);
    await run(store, server);
    server.isAway = false;
    server.faults.add('a');
    expect(await run(store, server)).toEqual({ kind: 'later', reason: 'fault', afterMs: null });
    server.faults.clear();
    expect(await run(store, server)).toEqual({ kind: 'done' });
    expect(server.applied).toEqual(['a', 'b', 'c']);
  });

  it('one that is edited while it is sent stays, and says that it is saved as it was', async () => {
    const store = await openStore();
    const kept = await keep(store, 'a');
    const server = new Server();
    server.meanwhile = () =>
      store.keep({ owner: OWNER, values: values('a', { result: 'failure' }), at: 2, replaces: kept.seq });
    expect(await run(store, server)).toEqual({ kind: 'done' });
    expect(await store.all(OWNER)).toMatchObject([
      { values: { result: 'failure' }, trouble: { kind: 'saved-before' } },
    ]);
    expect(server.applied).toEqual(['a']);
  });

  it.each([false, true])(
    'one that is edited after a sending that arrived is not lost in silence (key forgotten: %s)',
    async (forgot) => {
      const store = await openStore();
      const kept = await keep(store, 'a');
      const server = new Server();
      server.loseAnswers = 1;
      await run(store, server);
      await store.keep({
        owner: OWNER,
        values: values('a', { result: 'failure' }),
        at: 2,
        replaces: kept.seq,
      });
      server.forgot = forgot;
      await run(store, server);
      expect(await store.all(OWNER)).toMatchObject([{ trouble: { kind: 'saved-before' } }]);
      expect(server.applied).toEqual(['a']);
    },
  );

  it('one that is discarded while it is sent does not come back', async () => {
    const store = await openStore();
    const kept = await keep(store, 'a');
    const server = new Server();
    server.isAway = true;
    server.meanwhile = () => store.discard(kept.seq);
    await run(store, server);
    expect(await store.all(OWNER)).toEqual([]);
  });
});

/** Node has no locks before 24; exclusive and in order is all that is needed of them. */
class Locks {
  #tail: Promise<unknown> = Promise.resolve();
  request(_name: string, work: () => Promise<unknown>): Promise<unknown> {
    this.#tail = this.#tail.then(work);
    return this.#tail;
  }
}
