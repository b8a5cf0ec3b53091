import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InstallationFigures } from '#lib/components/views/admin/installation-figures.svelte.ts';
import type { InstallationView } from '#lib/contracts/installation.ts';

const view = (at: number) =>
  ({ at: new Date(at).toISOString(), instances: [] }) as unknown as InstallationView;

describe('figures that are asked for again', () => {
  const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  let answer: () => Promise<Response>;
  let stop = () => {};
  const show = (visibilityState: 'visible' | 'hidden') => {
    page.visibilityState = visibilityState;
    page.dispatchEvent(new Event('visibilitychange'));
  };
  const start = () => {
    const figures = new InstallationFigures(() => view(0));
    stop = figures.watch();
    return figures;
  };
  const silence = () => Promise.reject(new TypeError('Failed to fetch'));
  const figuresNow = () => Promise.resolve(Response.json(view(Date.now())));

  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
    vi.stubGlobal('document', page);
    vi.stubGlobal('fetch', () => answer());
    vi.spyOn(console, 'warn').mockReturnValue(undefined);
    page.visibilityState = 'visible';
  });
  afterEach(() => {
    stop();
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it('are the newest that came', async () => {
    answer = figuresNow;
    const figures = start();
    await vi.advanceTimersByTimeAsync(4_000);
    expect(figures.now.at).toBe(view(4_000).at);
    expect(figures).toMatchObject({ isSilent: false, ageMs: 0, refused: null });
  });

  it('are said to be old once nobody answered for eight seconds', async () => {
    answer = silence;
    const figures = start();
    await vi.advanceTimersByTimeAsync(8_000);
    expect(figures.isSilent).toBe(false);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(figures).toMatchObject({ isSilent: true, ageMs: 9_000 });
    answer = figuresNow;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(figures.isSilent).toBe(false);
  });

  it('are not asked for by a hidden page, which is no silence of the server', async () => {
    answer = figuresNow;
    const figures = start();
    await vi.advanceTimersByTimeAsync(2_000);
    show('hidden');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(figures.isSilent).toBe(false);
    answer = silence;
    show('visible');
    expect(figures.isSilent).toBe(false);
    await vi.advanceTimersByTimeAsync(8_001);
    expect(figures).toMatchObject({ isSilent: true, ageMs: 68_001 });
  });

  it('say who may not see them any more, at once and until they may', async () => {
    const refusals = [
      [() => Promise.resolve({ type: 'opaqueredirect', ok: false, status: 0 } as Response), 'login'],
      [() => Promise.resolve(new Response(null, { status: 401 })), 'login'],
      [() => Promise.resolve(new Response(null, { status: 403 })), 'forbidden'],
    ] as const;
    answer = figuresNow;
    const figures = start();
    for (const [refusal, refused] of refusals) {
      answer = refusal;
      await vi.advanceTimersByTimeAsync(20_000);
      expect(figures).toMatchObject({ refused, isSilent: false });
      answer = figuresNow;
      await vi.advanceTimersByTimeAsync(2_000);
      expect(figures.refused).toBeNull();
    }
  });
});
