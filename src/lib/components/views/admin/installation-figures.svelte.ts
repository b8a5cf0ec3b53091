import { clock } from '#lib/components/ui/clock.ts';
import type { InstallationView } from '#lib/contracts/installation.ts';

const AGAIN_MS = 2_000;
const SILENT_MS = 8_000;

/**
 * The figures of the installation, asked for again while the page is seen. Asked for rather than fed: the page must
 * show what the feed does when the feed does not work.
 */
export class InstallationFigures {
  readonly #loaded: () => InstallationView;
  #told = $state.raw<InstallationView | null>(null);
  /** When figures last came; milliseconds since 1970, as below. */
  #heardAt = $state(0);
  /** Since when answers are expected; null while nobody asks. */
  #asksSince = $state<number | null>(null);
  /** The server answers, but not to this person: who is to log in, or may not see the figures any more. */
  refused = $state<'login' | 'forbidden' | null>(null);

  constructor(loaded: () => InstallationView) {
    this.#loaded = loaded;
  }

  get now(): InstallationView {
    const loaded = this.#loaded();
    return this.#told !== null && this.#told.at > loaded.at ? this.#told : loaded;
  }

  get ageMs(): number {
    return clock.now - this.#heardAt;
  }

  /** The server was asked and has not answered for long. */
  get isSilent(): boolean {
    if (this.#asksSince === null || this.refused !== null) return false;
    return clock.now - Math.max(this.#heardAt, this.#asksSince) > SILENT_MS;
  }

  /** Asks until it is stopped; returns the way to stop. Browser only. */
  watch(): () => void {
    const controller = new AbortController();
    let asking = false;
    const ask = async () => {
      if (asking || this.#asksSince === null) return;
      asking = true;
      try {
        await this.#ask(AbortSignal.any([controller.signal, AbortSignal.timeout(SILENT_MS)]));
      } catch (thrown) {
        if (!controller.signal.aborted) console.warn(thrown);
      } finally {
        asking = false;
      }
    };
    const seen = () => {
      this.#asksSince = document.visibilityState === 'hidden' ? null : Date.now();
      void ask();
    };
    this.#heardAt = Date.now();
    this.#asksSince = document.visibilityState === 'hidden' ? null : this.#heardAt;
    const timer = setInterval(() => void ask(), AGAIN_MS);
    document.addEventListener('visibilitychange', seen);
    return () => {
      controller.abort();
      clearInterval(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }

  async #ask(signal: AbortSignal): Promise<void> {
    // The login page is no answer.
    const response = await fetch('/admin/live/figures', { signal, redirect: 'manual' });
    if (response.type === 'opaqueredirect' || response.status === 401) this.refused = 'login';
    else if (response.status === 403) this.refused = 'forbidden';
    else if (!response.ok) throw new Error(`The figures answered ${response.status}.`);
    else {
      this.#told = (await response.json()) as InstallationView;
      this.#heardAt = Date.now();
      this.refused = null;
    }
  }
}
