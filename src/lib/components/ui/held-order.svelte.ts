interface Keyed {
  id: string | null;
}

/**
 * Rows in an order that does not jump under the pointer or the keyboard: while held, the rows stay where they are with their newest
 * figures, and the new order waits until the hold ends.
 */
export class HeldOrder<T extends Keyed> {
  readonly #items: () => readonly T[];
  #held = $state.raw<readonly T[] | null>(null);

  constructor(items: () => readonly T[]) {
    this.#items = items;
  }

  readonly rows = $derived.by<readonly T[]>(() => {
    const newest = this.#items();
    if (this.#held === null) return newest;
    const byId: Record<string, T> = Object.fromEntries(newest.map((item) => [item.id ?? '', item]));
    return this.#held.map((item) => byId[item.id ?? ''] ?? item);
  });

  /** How many rows would stand elsewhere, or come or go, in the new order. */
  readonly wouldMove = $derived.by<number>(() => {
    if (this.#held === null) return 0;
    const newest = this.#items();
    const { rows } = this;
    let moved = 0;
    for (let at = 0; at < Math.max(newest.length, rows.length); at += 1) {
      if (rows[at]?.id !== newest[at]?.id) moved += 1;
    }
    return moved;
  });

  hold = (): void => {
    this.#held ??= this.#items();
  };

  release = (): void => {
    this.#held = null;
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
}
