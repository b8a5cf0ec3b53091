import type { SubmitFunction } from '@sveltejs/kit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { activityWords } from '#lib/components/activity/activity-words.ts';
import { keepTyped } from '#lib/components/identity/form-state.ts';
import { refreshOn } from '#lib/components/live/refresh.ts';
import { ACTIVITY_ACTIONS, type ActivityView } from '#lib/contracts/activity.ts';
import { fitsActivity, readActivityFilters, writeActivityFilters } from '#lib/contracts/activity-address.ts';
import { LiveActivity, type LiveFeed } from '#lib/live/index.ts';

const ada = { type: 'user', id: 'u-ada', name: 'Ada' } as const;
const view = (action: ActivityView['action'], more: Partial<ActivityView> = {}): ActivityView => ({
  id: 1,
  at: '2026-03-01T16:30:00.000Z',
  actor: ada,
  action,
  target: { type: 'pattern', id: 'p_1', name: 'contact mobile' },
  detail: null,
  ...more,
});
/** As the page puts it together. */
function sentenceOf(one: ActivityView): string {
  const { did, what, rest } = activityWords(one);
  return `${one.actor.name} ${did}${what === '' ? '' : ` ${what}`}${rest}`;
}
const ben = { type: 'user', id: 'u-ben', name: 'Ben' };

describe('what was done, in words', () => {
  it('is a sentence for every act', () => {
    for (const action of ACTIVITY_ACTIONS) {
      const sentence = sentenceOf(view(action));
      expect(sentence).toMatch(/^Ada [a-z]/);
      expect(sentence).not.toMatch(/ {2}|undefined|null|\.$/);
    }
  });

  it.each([
    [view('pattern.retire'), 'Ada retired contact mobile'],
    [view('member.added', { target: ben, detail: 'viewer' }), 'Ada added Ben as viewer'],
    [view('member.added', { target: { ...ben, id: ada.id }, detail: 'viewer' }), 'Ada joined as viewer'],
    [view('member.role-changed', { target: ben, detail: 'admin' }), 'Ada gave Ben the role admin'],
    [
      view('attribute.mode', { target: { type: 'attribute', id: 'age', name: 'age' }, detail: 'period' }),
      'Ada had age compared by period',
    ],
    [view('outcomes.exported', { detail: 'csv' }), 'Ada exported all outcomes as CSV'],
    [view('log.verified'), 'Ada had the log checked'],
    [
      view('user.password-reset', { target: ben, actor: { type: 'system', id: null, name: 'command line' } }),
      'command line gave Ben a new password and logged them out',
    ],
  ])('%#', (one, sentence) => expect(sentenceOf(one)).toBe(sentence));

  it('leads to a pattern that has a page, and nowhere for one that had none', () => {
    expect(activityWords(view('pattern.pin')).href).toBe('patterns/p_1');
    const label = { type: 'pattern', id: 'contact mobile', name: 'contact mobile' };
    expect(activityWords(view('pattern.pin', { target: label })).href).toBeNull();
  });
});

describe('the list while things are done', () => {
  const filters = readActivityFilters(new URLSearchParams('kind=logins&who=u-ben'));

  it('has an address for its filters', () => {
    expect(writeActivityFilters(filters, 9)).toBe('?kind=logins&who=u-ben&before=9');
    expect(writeActivityFilters(readActivityFilters(new URLSearchParams()))).toBe('?');
  });

  it('takes what fits: a login is of whose it is', () => {
    expect(fitsActivity(filters, view('user.password-reset', { target: ben }))).toBe(true);
    expect(fitsActivity(filters, view('session.created', { target: { ...ben, id: ada.id } }))).toBe(false);
    expect(fitsActivity(filters, view('pattern.pin', { actor: { ...ben, type: 'user' } }))).toBe(false);
  });

  it('has each act once, newest first, and says when the end moved away', () => {
    const feed = { history: 'a b', fast: false } as LiveFeed;
    const base = [3, 2].map((id) => view('pattern.pin', { id }));
    const live = new LiveActivity(feed, () => base, {
      limit: 3,
      fits: ({ action }) => action === 'pattern.pin',
    });
    for (const id of [5, 3, 4]) live.take(view('pattern.pin', { id }), 1_000);
    live.take(view('pattern.retire', { id: 6 }), 1_000);
    expect(live.items.map(({ id }) => id)).toEqual([5, 4, 3]);
    expect([live.more, live.arrivedAt(5), live.arrivedAt(2)]).toEqual([true, 1_000, null]);
    for (let id = 7; id < 1_000; id++) live.take(view('pattern.retire', { id }), 1_000);
    expect(live.items.map(({ id }) => id)).toEqual([5, 4, 3]);
    Object.assign(feed, { history: 'a c' });
    expect(new LiveActivity(feed, () => base, { limit: 3, fits: () => true }).items).toEqual(base);
  });
});

it('shows what came of a filter before the list for it did', () => {
  const feed = { history: 'a b', fast: false } as LiveFeed;
  let action = 'pattern.pin';
  const live = new LiveActivity(feed, () => [], { limit: 3, fits: (one) => one.action === action });
  live.take(view('pattern.retire', { id: 7 }), 1_000);
  action = 'pattern.retire';
  expect(live.items.map(({ id }) => id)).toEqual([7]);
});

describe('a page with forms', () => {
  beforeEach(() => {
    vi.stubGlobal('window', new EventTarget());
    vi.stubGlobal('HTMLButtonElement', EventTarget);
    vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  /** An event that reached the document from an element. */
  const happen = (type: string, target: object) => {
    const event = new Event(type);
    Object.defineProperty(event, 'target', { value: target });
    document.dispatchEvent(event);
  };

  /** The form was sent, and this was the answer. */
  const submitted = async (form: EventTarget, type: 'success' | 'failure') => {
    form.addEventListener('telltale:settled', ({ type: told }) => happen(told, form), { once: true });
    const focusable = Object.assign(form, { querySelector: () => null });
    const sent = { formElement: focusable, submitter: null } as unknown as Parameters<SubmitFunction>[0];
    const answered = await keepTyped(sent);
    const answer = { result: { type }, update: () => Promise.resolve() };
    if (typeof answered === 'function') await answered(answer as unknown as Parameters<typeof answered>[0]);
  };

  it('is read again after a change, but not while something typed there waits to be sent', async () => {
    let change: (value?: object) => void = () => undefined;
    const readAgain = vi.fn(() => Promise.resolve());
    const feed = {
      on: (_: string, hear: (value: object) => void) => {
        change = (value = { collection: 'members' }) => hear(value);
        return () => (change = () => undefined);
      },
      followed: () => Promise.resolve(),
      readAgain,
    };
    const stop = refreshOn(feed as unknown as LiveFeed, ['collection.updated'], 'telltale:x', {
      keepTyped: true,
      collections: ['members'],
    });
    const read = async () => {
      await vi.advanceTimersByTimeAsync(5_000);
      return readAgain.mock.calls.length;
    };
    const form = Object.assign(new EventTarget(), { method: 'post', isConnected: true });
    happen('input', { form: { method: 'get', isConnected: true } });
    change();
    expect(await read()).toBe(1);
    happen('input', { form });
    change();
    expect(await read()).toBe(1);
    // The handler may cancel it, and the answer may be a refusal.
    happen('submit', form);
    expect(await read()).toBe(1);
    await submitted(form, 'failure');
    expect(await read()).toBe(1);
    await submitted(form, 'success');
    expect(await read()).toBe(2);
    happen('input', { form });
    change();
    happen('reset', form);
    expect(await read()).toBe(3);
    change({ collection: 'attributes' });
    expect(await read()).toBe(3);
    change({ asOf: 1 });
    expect(await read()).toBe(4);
    happen('input', { form });
    change();
    form.isConnected = false;
    change();
    expect(await read()).toBe(5);
    stop();
    change();
    expect(await read()).toBe(5);
  });
});
