import { invalidate, invalidateAll } from '$app/navigation';
import { navigating } from '$app/state';
import type { FeedEnvironment } from './environment.ts';
import { Readiness } from './when-ready.ts';

/** The name of a dependency, or which ones. */
export type Dependency = string | ((url: URL) => boolean);

/**
 * Reads a page's data again by itself. Not before the server answers pages, and after a navigation that is under way:
 * Kit drops a navigation when something is invalidated meanwhile, so a click or a saved form would lead nowhere.
 */
export class PageReader {
  readonly #readiness: Readiness;
  #all: Promise<void> | null = null;
  #allAgain = false;

  constructor(environment: FeedEnvironment) {
    this.#readiness = new Readiness(environment);
  }

  /** Reads what depends on this, unless `signal` ends the waiting for it. A failure is logged. */
  async read(dependency: Dependency, signal?: AbortSignal): Promise<void> {
    if ((await this.#mayRead()) && signal?.aborted !== true) await logged(() => invalidate(dependency));
  }

  /** Reads everything; once more when this is called while it is read. A failure is logged. */
  readAll(): Promise<void> {
    this.#allAgain = true;
    this.#all ??= this.#readAll();
    return this.#all;
  }

  /** The server may be there again. */
  hurry(): void {
    this.#readiness.hurry();
  }

  end(): void {
    this.#readiness.end();
  }

  async #readAll(): Promise<void> {
    while (this.#allAgain && (await this.#mayRead())) {
      this.#allAgain = false;
      await logged(invalidateAll);
    }
    this.#all = null;
  }

  async #mayRead(): Promise<boolean> {
    // Also while events come: a server that says goodbye has just been heard.
    if (!(await this.#readiness.whenReady())) return false;
    await afterNavigation();
    return !this.#readiness.ended;
  }
}

/** After the navigation under way, and the one that took its place meanwhile. */
async function afterNavigation(): Promise<void> {
  let over: Promise<void> | null = null;
  while (navigating.complete !== over && navigating.complete !== null) {
    over = navigating.complete;
    await Promise.allSettled([over]);
  }
}

async function logged(read: () => Promise<void>): Promise<void> {
  try {
    await read();
  } catch (thrown) {
    console.error(thrown);
  }
}
