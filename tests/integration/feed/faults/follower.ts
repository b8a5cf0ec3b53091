import { deepStrictEqual } from 'node:assert';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { Sql } from '#lib/server/db/client.ts';
import { until } from '../../event-log/support.ts';
import { selectPlaces, selectState } from './workload.ts';

export interface Row {
  key: string;
  rev: number;
  op: string;
  id: string;
}

export interface Target {
  url: string;
  token: string;
}

interface FollowerOptions {
  /** Where to connect next. */
  target: () => Target;
  /** What a page would read after a reset. */
  sql: Sql;
  workspaceId: string;
  random: () => number;
  since?: string;
  /** Longest wait before coming back, instead of what the server says. */
  patienceMs?: number;
  /** Of which topic; `collections` when left out. */
  topic?: string;
}

const seqOf = (cursor: string): number => Number(cursor.slice(cursor.lastIndexOf('-') + 1));
const SILENT_BEATS = 2.5;
const HELLO_MS = 5_000;

/**
 * A client that does only what docs/feed.md says: continues from the last id that it handled, takes 2.5 beats of
 * silence for loss, reads everything anew after a reset, and lets `rev` decide.
 */
export class Follower {
  readonly state = new Map<string, Row>();
  /** Position of every delta in the order in which they came, since the last reset. */
  places: number[] = [];
  /** Where `places` begins. */
  startedAt: number | null = null;
  /** Changes that came, those that were told as one counted each. */
  told = 0;
  readonly resets: string[] = [];
  readonly goodbyes: string[] = [];
  hellos = 0;
  cursor: string | null;
  #stopped = false;
  #abort = new AbortController();
  #waking: () => void = () => undefined;
  readonly #options: FollowerOptions;
  readonly #done: Promise<void>;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.cursor = options.since ?? null;
    this.startedAt = options.since === undefined ? null : seqOf(options.since);
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#abort.abort();
    this.#waking();
    await this.#done;
  }

  /** Loses its connection now. */
  kick(): void {
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const told = await this.#connect();
      const waitMs =
        Math.min(told ?? 250, this.#options.patienceMs ?? 150) * (0.5 + this.#options.random() / 2);
      if (this.#stopped) return;
      await new Promise<void>((resolve) => {
        this.#waking = resolve;
        setTimeout(resolve, waitMs);
      });
    }
  }

  /** One connection until it is lost; answers what a goodbye said, in milliseconds. */
  async #connect(): Promise<number | null> {
    const { url, token } = this.#options.target();
    this.#abort = new AbortController();
    let beatMs = HELLO_MS / SILENT_BEATS;
    let retry: number | null = null;
    let silence: NodeJS.Timeout | undefined;
    const alive = () => {
      clearTimeout(silence);
      silence = setTimeout(() => this.#abort.abort(), beatMs * SILENT_BEATS);
    };
    alive();
    try {
      const response = await fetch(`${url}?${this.#query()}`, {
        headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
        signal: this.#abort.signal,
      });
      const waiting: EventSourceMessage[] = [];
      const parser = createParser({ onEvent: (message) => waiting.push(message) });
      const decoder = new TextDecoder();
      const body = response.body?.getReader();
      for (let part = await body?.read(); part?.done === false; part = await body?.read()) {
        parser.feed(decoder.decode(part.value, { stream: true }));
        for (const message of waiting.splice(0)) {
          const data = JSON.parse(message.data) as { hb?: number; retry?: number };
          if (message.event === 'hello') beatMs = (data.hb ?? 15) * 1_000;
          if (message.event === 'goaway') retry = data.retry ?? null;
          await this.#take(message);
        }
        alive();
      }
    } catch (thrown) {
      // Any loss of the connection; a frame that makes no sense is not one.
      if (thrown instanceof SyntaxError || thrown instanceof Misbehaviour) throw thrown;
    } finally {
      clearTimeout(silence);
      this.#abort.abort();
    }
    return retry;
  }

  get #topic(): string {
    return this.#options.topic ?? 'collections';
  }

  #query(): string {
    const query = new URLSearchParams({ topics: this.#topic, snapshot: 'never' });
    if (this.cursor !== null) query.set('since', this.cursor);
    return query.toString();
  }

  async #take({ event, data, id }: EventSourceMessage): Promise<void> {
    const json = JSON.parse(data) as Record<string, unknown>;
    if (event === 'hello') {
      this.hellos += 1;
      if (json['resume'] !== 'reset' && id !== undefined) this.startedAt ??= seqOf(id);
    } else if (event === 'reset') {
      this.resets.push(String(json['reason']));
      return;
    } else if (event === 'goaway') {
      this.goodbyes.push(String(json['reason']));
    } else if (event === 'live') {
      await this.#readAll(String(json['c']));
    } else if (event === 'delta') {
      this.#apply(json);
    }
    if (id !== undefined) this.cursor = id;
  }

  async #readAll(cursor: string): Promise<void> {
    const { sql, workspaceId } = this.#options;
    const rows = await selectState(sql, workspaceId, this.#topic, seqOf(cursor));
    this.state.clear();
    for (const row of rows) this.state.set(row.key, { ...row });
    this.places = [];
    this.told = 0;
    this.startedAt = seqOf(cursor);
  }

  #apply(delta: Record<string, unknown>): void {
    const place = seqOf(String(delta['c']));
    const last = this.places.at(-1) ?? this.startedAt ?? 0;
    if (place <= last) throw new Misbehaviour(`${place} came after ${last}`);
    this.places.push(place);
    this.told += Number(delta['coalesced'] ?? 1);
    const { key, rev, op } = delta as unknown as Row;
    const { id } = delta['value'] as { id: string };
    if (rev > (this.state.get(key)?.rev ?? -1)) this.state.set(key, { key, rev, op, id });
  }

  /** Waits until this client holds what the database does, and has seen every place exactly once since it began. */
  async expectComplete(deadlineMs = 30_000): Promise<void> {
    const { sql, workspaceId } = this.#options;
    const { places } = await until(
      () => selectPlaces(sql, workspaceId, this.#topic, this.startedAt ?? 0),
      ({ places: all, waiting }) => waiting === 0 && (all.length === 0 || this.places.at(-1) === all.at(-1)),
      deadlineMs,
    ).catch((late: unknown) => {
      throw new Error(
        `Not complete at ${this.cursor}, after ${this.hellos} hellos, resets ${this.resets.join()}`,
        {
          cause: late,
        },
      );
    });
    // A reader that was behind is told of several changes of one key as one, at the place of the last.
    if (this.told === this.places.length) deepStrictEqual(this.places, places);
    else deepStrictEqual(this.told, places.length);
    const byKey = (a: Row, b: Row) => (a.key < b.key ? -1 : 1);
    const held = [...this.state.values()].sort(byKey);
    const selected = (await selectState(sql, workspaceId, this.#topic))
      .map((row) => ({ ...row }))
      .sort(byKey);
    deepStrictEqual(held, selected);
  }
}

/** The server did what it must not; the run of the client ends with it. */
class Misbehaviour extends Error {}
