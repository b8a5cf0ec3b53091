import { untrack } from 'svelte';

/** Rows that change soon after they may take another order take it with that change, in one painting. */
const SLACK_MS = 700;

interface Keyed {
  id: string | null;
}

/**
 * Rows in an order that does not jump. Under the pointer and the keyboard they are held: they stay where they are with
 * their newest figures, and the new order waits until the hold ends. With `settleMs` they change places at once after a
 * quiet time and else so often at most. Made while its component is.
 */
export class HeldOrder<T extends Keyed> {
  readonly #items: () => readonly T[];
  #held = $state.raw(false);
  /** Rows in the order shown; null: as they come. */
  #order = $state.raw<readonly T[] | null>(null);
  #orderedAt = -Infinity;

  constructor(items: () => readonly T[], { settleMs = 0 }: { settleMs?: number } = {}) {
    this.#items = items;
    if (settleMs === 0) return;
    $effect.pre(() => {
      const newest = items();
      return this.#held ? undefined : untrack(() => this.#settle(newest, settleMs));
    });
  }

  readonly rows = $derived.by<readonly T[]>(() => {
    const newest = this.#items();
    if (this.#order === null) return newest;
    const byId: Record<string, T> = Object.fromEntries(newest.map((item) => [item.id ?? '', item]));
    return this.#order.map((item) => byId[item.id ?? ''] ?? item);
  });

  /** How many rows would stand elsewhere, or come or go, once the hold ends. */
  readonly wouldMove = $derived.by<number>(() => (this.#held ? moved(this.rows, this.#items()) : 0));

  hold = (): void => {
    this.#order ??= this.#items();
    this.#held = true;
  };

  release = (): void => {
    this.#held = false;
    this.#order = null;
    this.#orderedAt = -Infinity;
  };

  /** Rows that were asked for come at the end, held or not. */
  extend = (): void => {
    if (this.#order === null) return;
    const shown: Record<string, true> = Object.fromEntries(this.#order.map(({ id }) => [id ?? '', true]));
    this.#order = [...this.#order, ...this.#items().filter(({ id }) => shown[id ?? ''] !== true)];
  };

  /** For the element around the rows: they are held while the pointer is over them or the keyboard among them. */
  readonly whileUsed = {
    onpointerenter: this.hold,
    onpointerleave: ({ currentTarget: rows }: Event & { currentTarget: HTMLElement }): void => {
      if (rows.querySelector(':focus-visible') === null) this.release();
    },
    onfocusin: this.hold,
    onfocusout: ({
      currentTarget: rows,
      relatedTarget: next,
    }: FocusEvent & { currentTarget: HTMLElement }): void => {
      const isInside = rows.contains(next as Node | null);
      if (!isInside && !rows.matches(':hover')) this.release();
    },
  };

  /** Takes the newest order, now or once that is due; returns the way to stop waiting for it. */
  #settle(newest: readonly T[], settleMs: number): (() => void) | undefined {
    const dueMs =
      this.#order === null
        ? 0
        : settlesIn(this.#order, newest, { elapsedMs: performance.now() - this.#orderedAt, settleMs });
    if (dueMs === null) return undefined;
    const take = () => {
      this.#order = newest;
      this.#orderedAt = performance.now();
    };
    if (dueMs === 0) {
      take();
      return undefined;
    }
    const timer = setTimeout(take, dueMs + SLACK_MS);
    return () => clearTimeout(timer);
  }
}

/**
 * Milliseconds until the rows may take the newest order, `elapsedMs` after they last did; null: they stand so already.
 * Rows of another list, none of which was shown, do not wait.
 */
export function settlesIn(
  shown: readonly Keyed[],
  newest: readonly Keyed[],
  { elapsedMs, settleMs }: { elapsedMs: number; settleMs: number },
): number | null {
  if (moved(shown, newest) === 0) return null;
  const isOther = !newest.some(({ id }) => shown.some((row) => row.id === id));
  return isOther ? 0 : Math.max(0, settleMs - elapsedMs);
}

function moved(before: readonly Keyed[], after: readonly Keyed[]): number {
  let places = 0;
  for (let at = 0; at < Math.max(before.length, after.length); at += 1) {
    if (before[at]?.id !== after[at]?.id) places += 1;
  }
  return places;
}
