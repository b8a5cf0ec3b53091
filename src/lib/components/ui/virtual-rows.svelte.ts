import {
  defaultRangeExtractor,
  observeWindowOffset,
  observeWindowRect,
  Virtualizer,
  windowScroll,
  type VirtualItem,
} from '@tanstack/virtual-core';
import { untrack } from 'svelte';

export interface VirtualRowsOptions {
  count: () => number;
  keyOf: (index: number) => string;
  /** Height in px before a row was measured. */
  estimate: (index: number) => number;
  /** The element that holds the rows. */
  holder: () => HTMLElement | undefined;
}

/** A row by its key, and how far below the top of the window it begins, in px. */
export interface RowPlace {
  key: string;
  top: number;
}

const OVERSCAN = 12;
/** Rows that come into view are measured, which moves those below them; it comes to rest within a few frames. */
const MOST_FRAMES = 30;

/**
 * Which rows of a long list that scrolls with the page are in the document: those in view, some around them, and the
 * one with the focus. Call while the component is made; on the server there is nothing to see, so draw without it.
 */
export class VirtualRows {
  readonly #options: VirtualRowsOptions;
  readonly #virtualizer: Virtualizer<Window, HTMLElement>;
  #version = $state(0);
  #top = $state(0);
  #focused = -1;

  constructor(options: VirtualRowsOptions) {
    this.#options = options;
    this.#virtualizer = new Virtualizer<Window, HTMLElement>(this.#settings(untrack(options.count), 0));
    $effect(() => {
      const holder = options.holder();
      if (holder === undefined) return;
      const read = () => {
        this.#top = holder.getBoundingClientRect().top + window.scrollY;
      };
      read();
      // What stands above the list may grow, and the page with it. To read while rows come would lay out every frame twice.
      const observer = new ResizeObserver(read);
      observer.observe(document.body);
      return () => observer.disconnect();
    });
    $effect(() => {
      void this.items;
      this.#virtualizer._willUpdate();
    });
    $effect(() => this.#virtualizer._didMount());
  }

  readonly items = $derived.by<VirtualItem[]>(() => {
    void this.#version;
    this.#virtualizer.setOptions(this.#settings(this.#options.count(), this.#top));
    return this.#virtualizer.getVirtualItems();
  });

  /** Room above the first row that is drawn and below the last, in px. */
  readonly before = $derived(Math.max(0, (this.items[0]?.start ?? this.#top) - this.#top));
  readonly after = $derived.by(() => {
    const end = this.items.at(-1)?.end ?? this.#top;
    return Math.max(0, this.#virtualizer.getTotalSize() + this.#top - end);
  });

  /** An attachment for each row, which carries its index as `data-index`. */
  measure = (row: HTMLElement): (() => void) => {
    this.#virtualizer.measureElement(row);
    const focused = () => (this.#focused = Number(row.dataset['index']));
    const blurred = () => (this.#focused = -1);
    row.addEventListener('focusin', focused);
    row.addEventListener('focusout', blurred);
    return () => {
      row.removeEventListener('focusin', focused);
      row.removeEventListener('focusout', blurred);
      this.#virtualizer.measureElement(null);
    };
  };

  /** The first row in view; null where none is. */
  place(): RowPlace | null {
    for (const row of this.#options.holder()?.querySelectorAll<HTMLElement>('[data-index]') ?? []) {
      const { top, bottom } = row.getBoundingClientRect();
      if (bottom > 0) return { key: this.#options.keyOf(Number(row.dataset['index'])), top };
    }
    return null;
  }

  /** Scrolls until the row stands where it was, unless the person takes over. */
  async goTo({ key, top }: RowPlace, taken: AbortSignal): Promise<void> {
    const { count, keyOf, holder } = this.#options;
    let still = 0;
    for (let frame = 0; frame < MOST_FRAMES && still < 2 && !taken.aborted; frame += 1) {
      const index = Array.from({ length: count() }, (_, at) => at).find((at) => keyOf(at) === key);
      if (index === undefined) return;
      const row = holder()?.querySelector(`[data-index="${index}"]`);
      const start = this.#virtualizer.measurementsCache[index]?.start ?? 0;
      const off = Math.round((row?.getBoundingClientRect().top ?? start - window.scrollY) - top);
      if (off !== 0) window.scrollBy({ top: off, behavior: 'instant' });
      still = off === 0 && row ? still + 1 : 0;
      await new Promise(requestAnimationFrame);
    }
  }

  /** As laid out, which the observer tells in time; until then as expected. */
  #heightOf = (row: HTMLElement, entry: ResizeObserverEntry | undefined): number => {
    const box = entry?.borderBoxSize[0];
    if (box !== undefined) return Math.round(box.blockSize);
    const index = Number(row.dataset['index']);
    return this.#virtualizer.measurementsCache[index]?.size ?? this.#options.estimate(index);
  };

  #settings(count: number, top: number) {
    return {
      count,
      getScrollElement: () => (typeof window === 'undefined' ? null : window),
      estimateSize: this.#options.estimate,
      getItemKey: this.#options.keyOf,
      observeElementRect: observeWindowRect,
      observeElementOffset: observeWindowOffset,
      scrollToFn: windowScroll,
      scrollMargin: top,
      measureElement: this.#heightOf,
      overscan: OVERSCAN,
      rangeExtractor: (range: Parameters<typeof defaultRangeExtractor>[0]) => {
        const shown = defaultRangeExtractor(range);
        const focused = this.#focused;
        if (focused < 0 || focused >= range.count || shown.includes(focused)) return shown;
        return [...shown, focused].sort((a, b) => a - b);
      },
      onChange: () => {
        this.#version += 1;
      },
    };
  }
}
