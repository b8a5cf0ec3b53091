import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nextValues } from '#lib/components/outcomes/form-values.ts';
import type { OutcomeFormValues } from '#lib/contracts/outcome-form.ts';
import { OfflineQueue } from '#lib/live/offline/index.ts';

const to = { slug: 'calls', workspaceId: 'w1', userId: 'u1' };
const values = (once: string): OutcomeFormValues => ({
  ...nextValues({ attributes: [], extra: [], another: true } as unknown as OutcomeFormValues, once),
  subject: `client ${once}`,
  result: 'success',
});
/** What the server answers to a sending. */
let answer: () => Promise<Response>;
const saved = (id: string) => () => Promise.resolve(Response.json({ id, duplicate: false }, { status: 201 }));
const away = () => Promise.reject(new TypeError('Failed to fetch'));

let stop: () => void = () => undefined;
let unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'], now: 0 });
  vi.stubGlobal('window', new EventTarget());
  vi.stubGlobal('navigator', {});
  vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
  vi.stubGlobal('fetch', () => answer());
  vi.spyOn(console, 'warn').mockReturnValue(undefined);
  unhandled = [];
  process.on('unhandledRejection', note);
});
afterEach(async () => {
  stop();
  process.off('unhandledRejection', note);
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  await deleteStore();
});

function deleteStore(): Promise<void> {
  return new Promise((done, fail) => {
    const request = indexedDB.deleteDatabase('telltale-unsent');
    request.onsuccess = () => done();
    request.onerror = () => fail(new Error('The store was not deleted.'));
  });
}

async function startQueue(): Promise<OfflineQueue> {
  const queue = new OfflineQueue(() => to);
  stop = queue.start(to);
  await expect.poll(() => queue.ready).toBe(true);
  return queue;
}
const rowsOf = (queue: OfflineQueue) =>
  queue.beside([]).map(({ entry, state }) => [entry.values.once, state]);

describe('what was sent and never comes back by the feed', () => {
  it('stands above the others for a minute', async () => {
    const queue = await startQueue();
    answer = saved('o1');
    expect(await queue.record(values('a'))).toEqual({ kind: 'saved', id: 'o1' });
    expect(rowsOf(queue)).toEqual([['a', 'sent']]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(rowsOf(queue)).toEqual([]);
  });

  it('gives way to a page that was read after it, which knows also that it was undone', async () => {
    const queue = await startQueue();
    vi.setSystemTime(1_000);
    answer = saved('o1');
    await queue.record(values('a'));
    queue.loaded(1_000);
    expect(rowsOf(queue)).toEqual([['a', 'sent']]);
    queue.loaded(1_001);
    expect(rowsOf(queue)).toEqual([]);
  });
});

describe('a store that goes away', () => {
  it('leaves the form to post by itself, and throws at nobody', async () => {
    const queue = await startQueue();
    answer = away;
    const waits = queue.record(values('a'));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await waits).toEqual({ kind: 'kept' });
    // A newer page asks for the store.
    await deleteStore();
    await expect.poll(() => queue.ready).toBe(false);
    expect(queue.unsent).toEqual([]);
    await queue.flush();
    document.dispatchEvent(new Event('visibilitychange'));
    window.dispatchEvent(new Event('online'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(unhandled).toEqual([]);
  });

  it('while one is sent, after it was kept, does not make it unsaved', async () => {
    const queue = await startQueue();
    answer = async () => {
      await deleteStore();
      return Response.json({ id: 'o1', duplicate: false }, { status: 201 });
    };
    const recorded = queue.record(values('a'));
    await vi.advanceTimersByTimeAsync(5_000);
    expect((await recorded).kind).not.toBe('held');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(unhandled).toEqual([]);
  });

  it('that cannot keep it says so, and the form posts by itself from then on', async () => {
    const queue = await startQueue();
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('The disk is full.', 'QuotaExceededError');
    });
    await expect(queue.record(values('a'))).rejects.toThrow('The disk is full.');
    expect(queue.ready).toBe(false);
  });
});
