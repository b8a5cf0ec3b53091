import { untrack } from 'svelte';
import { writeAddress, type PatternsAddress } from '#lib/contracts/pattern-address.ts';
import { patternListSchema, type PatternList, type PatternView } from '#lib/contracts/pattern.ts';
import type { FeedValues } from '#lib/contracts/feed.ts';
import { HeldOrder } from '#lib/components/ui/held-order.svelte.ts';
import { whenStill } from '#lib/components/ui/when-still.ts';

/** A row of the list: a pattern, or one that is folded under the pattern above it. */
export interface PatternRow {
  key: string;
  pattern: PatternView;
  /** The leader it is shown under. */
  under: PatternView | null;
  /** How many more are folded under it than were read; such a row stands for them, with the leader as its pattern. */
  more: number;
}

/** A row with the log position of the reading that it came with, which means something within one history only. */
interface ReadRow {
  history: string;
  asOf: number;
  view: PatternView;
}

export interface KeptRows {
  read: number;
  opened: Record<string, boolean>;
}

export interface PatternListSource {
  /** Of the log, as the feed has it. */
  history: string;
  /** What the server read: the first rows, and the folded ones of the patterns opened in the address. */
  list: PatternList;
  kids: Record<string, PatternList>;
  address: PatternsAddress;
  /** Where more is read. */
  url: string;
  /** What is read by itself waits for this. */
  followed: () => Promise<void>;
}

const MORE = 200;
/** Rows read at once: to check a thousand takes longer than a few frames. */
const LONGEST_READ = 200;
/** What the feed says is shown so often, while nobody scrolls: each time all rows are gone through. */
const NEWS_MS = 250;
const MOST_KIDS = 500;
/** 3,000 rows are read again every 15 s at most; what stands comes with the feed meanwhile. */
const PAUSE_A_ROW_MS = 5;

/** The rows of the patterns page: read in pieces, opened and closed, patched by the feed, in an order that is held. */
export class PatternListState {
  readonly #source: () => PatternListSource;
  /** Rows read beyond those that the page came with. */
  #more = $state.raw<{ key: string; items: readonly ReadRow[]; next: string | null } | null>(null);
  #kids = $state.raw<Record<string, { history: string; list: PatternList }>>({});
  #opened = $state.raw<Record<string, boolean>>({});
  /** Newer figures by id, from the feed. */
  #news = $state.raw<Readonly<Record<string, ReadRow>>>({});
  /** Those not shown yet. */
  #coming: Record<string, ReadRow> = {};
  #soon: (() => void) | undefined;
  #readingMore: Promise<void> | undefined;
  #moreReadAt = -Infinity;
  #later: ReturnType<typeof setTimeout> | undefined;
  #ended = false;
  reading = $state(false);
  failed = $state(false);
  readonly order: HeldOrder<PatternView>;

  constructor(source: () => PatternListSource) {
    this.#source = source;
    this.order = new HeldOrder(() => this.#items);
  }

  /** What is listed, apart from how much of it. */
  get key(): string {
    const { address, history } = this.#source();
    return (
      history +
      writeAddress(address, { open: [], choosing: false, show: address.show, cursor: address.cursor })
    );
  }

  readonly #rowsRead = $derived.by<ReadRow[]>(() => {
    const { list } = this.#source();
    // A row that has moved between two readings is there once.
    const places: Record<string, number> = {};
    const all = [...this.#rowsOf(list), ...(this.#more?.key === this.key ? this.#more.items : [])];
    all.forEach(({ view: { id } }, place) => {
      if (id !== null) places[id] ??= place;
    });
    return all.filter(({ view: { id } }, place) => id !== null && places[id] === place);
  });

  readonly #items = $derived.by<PatternView[]>(() => {
    const news = this.#news;
    return this.#rowsRead.map((row) => newest(news, row));
  });

  readonly #open = $derived.by<Readonly<Record<string, boolean>>>(() => ({
    ...Object.fromEntries(this.#source().address.open.map((id) => [id, true])),
    ...this.#opened,
  }));

  readonly rows = $derived.by<PatternRow[]>(() => {
    const open = this.#open;
    return this.order.rows.flatMap((pattern): PatternRow | PatternRow[] => {
      const id = pattern.id ?? '';
      const own = { key: id, pattern, under: null, more: 0 };
      if (open[id] !== true) return own;
      const kids = this.kidsOf(id);
      if (kids === null) return [own];
      const more = kids.total - kids.items.length;
      const { history } = this.#source();
      return [
        own,
        ...kids.items.map((kid) => ({
          key: `${id} ${kid.id ?? ''}`,
          pattern: newest(this.#news, { history, asOf: kids.asOf, view: kid }),
          under: pattern,
          more: 0,
        })),
        ...(more > 0 ? [{ key: `${id} more`, pattern, under: pattern, more }] : []),
      ];
    });
  });

  get next(): string | null {
    return this.#more?.key === this.key ? this.#more.next : this.#source().list.next;
  }
  get read(): number {
    return this.#rowsRead.length;
  }

  isOpen(id: string): boolean {
    return this.#open[id] === true;
  }
  /** Null while they are not read. */
  kidsOf(id: string): PatternList | null {
    const { history, kids } = this.#source();
    const own = this.#kids[id];
    return (own?.history === history ? own.list : kids[id]) ?? null;
  }

  toggle = async (id: string): Promise<void> => {
    const opens = !this.isOpen(id);
    this.#opened = { ...this.#opened, [id]: opens };
    if (!opens || this.kidsOf(id) !== null) return;
    await this.#guard(() => this.#readKids(id));
  };

  /** What makes the list as long as it is, for when it is come back to. */
  get kept(): KeptRows {
    return { read: this.read, opened: this.#opened };
  }

  /** Opens and reads again what was kept of this list. */
  restore = async ({ read, opened }: KeptRows): Promise<void> => {
    const { key } = this;
    this.#opened = opened;
    const unread = Object.keys(opened).filter((id) => this.isOpen(id) && this.kidsOf(id) === null);
    await this.#guard(async () => {
      await Promise.all(unread.map((id) => this.#readKids(id)));
    });
    while (this.key === key && this.read < read && this.next !== null && !this.failed) await this.readMore();
  };

  /** Reads the next rows; who asks while that goes on waits for the same. */
  readMore = (): Promise<void> =>
    (this.#readingMore ??= this.#readMore().finally(() => (this.#readingMore = undefined)));

  #readMore = async (): Promise<void> => {
    const { next } = this;
    if (next === null) return;
    const { key } = this;
    this.reading = true;
    await this.#guard(async () => {
      const page = await this.#get({ cursor: next, show: MORE });
      if (this.key !== key) return;
      const before = this.#more?.key === key ? this.#more.items : [];
      this.#more = { key, items: [...before, ...this.#rowsOf(page)], next: page.next };
      this.order.extend();
    });
    this.reading = false;
  };

  /** Reads what is opened again and, the more there is the more seldom, what is shown beyond the page's own rows. */
  readAgain = async (): Promise<void> => {
    try {
      await this.#readOpenAgain();
      const wait = this.#moreReadAt + this.read * PAUSE_A_ROW_MS - performance.now();
      if (wait <= 0) await this.#readMoreAgain();
      else if (!this.#ended) this.#later ??= setTimeout(() => void this.#readLater(), wait);
    } catch (thrown) {
      // What is shown stays, as of when it was read; the next change reads again.
      console.error(thrown);
    }
  };

  async #readLater(): Promise<void> {
    await this.#source().followed();
    if (!this.#ended) await this.readAgain();
  }

  /** Stops what waits. */
  end = (): void => {
    this.#ended = true;
    clearTimeout(this.#later);
    this.#soon?.();
  };

  async #readOpenAgain(): Promise<void> {
    for (const id of Object.keys(this.#kids)) if (this.isOpen(id)) await this.#readKids(id);
  }

  async #readMoreAgain(): Promise<void> {
    const { key } = this;
    const more = this.#more;
    this.#later = undefined;
    if (more === null || more.key !== key) return;
    this.#moreReadAt = performance.now();
    const { list } = this.#source();
    const items: ReadRow[] = [];
    let { next } = list;
    while (next !== null && items.length < more.items.length) {
      const page = await this.#get({
        cursor: next,
        show: Math.min(LONGEST_READ, more.items.length - items.length),
      });
      items.push(...this.#rowsOf(page));
      next = page.next;
    }
    if (this.#more === more && this.key === key) this.#more = { key, items, next };
  }

  /** Takes what the feed says of single patterns; the list itself is read again by the page. */
  apply = ({ asOf, items }: FeedValues['pattern.updated']): void => {
    if (items.length === 0) return;
    const { history } = this.#source();
    for (const view of items) if (view.id !== null) this.#coming[view.id] = { history, asOf, view };
    this.#soon ??= whenStill(this.#showNews, NEWS_MS);
  };

  #showNews = (): void => {
    this.#soon = undefined;
    this.#news = { ...untrack(() => this.#news), ...this.#coming };
    this.#coming = {};
  };

  async #readKids(id: string): Promise<void> {
    const { history } = this.#source();
    const list = await this.#get({ show: MOST_KIDS, cursor: null }, id);
    this.#kids = { ...this.#kids, [id]: { history, list } };
  }

  #rowsOf({ asOf, items }: PatternList): ReadRow[] {
    const { history } = this.#source();
    return items.map((view) => ({ history, asOf, view }));
  }

  async #get(change: Partial<PatternsAddress>, under?: string): Promise<PatternList> {
    const { url, address } = this.#source();
    const query = writeAddress(address, { open: [], choosing: false, ...change });
    const response = await fetch(
      `${url}${query}${under === undefined ? '' : `&under=${encodeURIComponent(under)}`}`,
    );
    if (!response.ok) throw new Error(`patterns answered ${response.status}`);
    return patternListSchema.parse(await response.json());
  }

  async #guard(act: () => Promise<void>): Promise<void> {
    this.failed = false;
    try {
      await act();
    } catch (thrown) {
      console.error(thrown);
      this.failed = true;
    }
  }
}

function newest(news: Readonly<Record<string, ReadRow>>, { history, asOf, view }: ReadRow): PatternView {
  const told = news[view.id ?? ''];
  return told?.history === history && told.asOf > asOf ? told.view : view;
}
