import { afterEach, describe, expect, it, vi } from 'vitest';
import { keepLiveChoice, onLiveChoice, readLiveChoice } from '#lib/live/live-choice.ts';

/** As much of a page as the choice needs. */
function page(storage: 'works' | 'forbidden') {
  const kept = new Map<string, string>();
  const target = new EventTarget();
  vi.stubGlobal('window', target);
  vi.stubGlobal('document', { cookie: '' });
  vi.stubGlobal('localStorage', {
    getItem(key: string) {
      if (storage === 'forbidden') throw new Error('forbidden');
      return kept.get(key) ?? null;
    },
    setItem(key: string, value: string) {
      if (storage === 'forbidden') throw new Error('forbidden');
      kept.set(key, value);
    },
  });
  return target;
}
afterEach(() => vi.unstubAllGlobals());

describe('the choice for or against live updates', () => {
  it('is kept for the browser and told to the server', () => {
    page('works');
    expect([readLiveChoice(true), readLiveChoice(false)]).toEqual([true, false]);
    keepLiveChoice(false);
    expect(readLiveChoice(true)).toBe(false);
    expect(document.cookie).toMatch(/^live=off; path=\/; max-age=31536000/);
    keepLiveChoice(true);
    expect([readLiveChoice(false), document.cookie.startsWith('live=on')]).toEqual([true, true]);
  });

  it('lives in the cookie alone where storage is forbidden', () => {
    page('forbidden');
    keepLiveChoice(false);
    expect(document.cookie).toMatch(/^live=off/);
    expect(readLiveChoice(false)).toBe(false);
  });

  it('made in another tab is heard', () => {
    const target = page('works');
    const heard: boolean[] = [];
    const end = onLiveChoice((on) => heard.push(on));
    const say = (key: string, newValue: string) =>
      target.dispatchEvent(Object.assign(new Event('storage'), { key, newValue }));
    say('live', 'off');
    say('other', 'off');
    say('live', 'on');
    end();
    say('live', 'off');
    expect(heard).toEqual([false, true]);
  });
});
