import type { OutcomeInput, OutcomeView, RecordReply } from '#lib/contracts/outcome.ts';
import type { PatternList } from '#lib/contracts/pattern.ts';
import type { PatternChoice } from '#lib/contracts/pattern-insight.ts';

/** What the client of an outcome was told of it last. */
export interface Told {
  id: string;
  result: OutcomeInput['result'];
  attributes: OutcomeInput['attributes'];
  deleted: boolean;
}

type Request = (path: string, init?: RequestInit) => Promise<Response>;

const RECORDERS = 3;
const CHANGERS = 2;
const MOST_AT_ONCE = 12;
/** Between two requests of one client. */
const PAUSE_MS = 15;
const RETRY_MS = 50;
const NOT_UP_MS = 90_000;

/**
 * Clients that record, correct, delete, restore, pin and retire at the same time over HTTP, and remember what they were
 * told. Where an answer fails to come, a client does what the documentation tells it to: it records the same again under
 * the same external ids, or reads what became of its change.
 */
export class MixedLoad {
  readonly outcomes = new Map<string, Told>();
  readonly pinned = new Map<string, boolean>();
  /** How often no answer came. */
  unanswered = 0;
  readonly #request: Request;
  readonly #random: () => number;
  readonly #busy = new Set<string>();
  #recorded = 0;
  #stopping = false;
  #clients: Promise<void>[] = [];

  constructor(request: Request, random: () => number) {
    this.#request = request;
    this.#random = random;
  }

  start(): void {
    this.#stopping = false;
    const clients = [
      ...Array.from({ length: RECORDERS }, () => () => this.#record(1 + this.#below(MOST_AT_ONCE))),
      ...Array.from({ length: CHANGERS }, () => () => this.#change()),
      () => this.#choose(),
    ];
    this.#clients = clients.map(async (act) => {
      while (!this.#stopping) {
        await act();
        await pause(PAUSE_MS);
      }
    });
  }

  /** Ends once every client knows what became of what it asked for. @throws what a client was refused */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#clients);
  }

  /** Records so many outcomes in one request. */
  async #record(count: number): Promise<void> {
    const outcomes = Array.from({ length: count }, (): OutcomeInput => {
      const attributes = this.#attributes();
      const likely = attributes['hook'] === 'question' ? 0.6 : 0.2;
      this.#recorded += 1;
      return {
        externalId: `o${this.#recorded}`,
        subject: `subject ${this.#recorded}`,
        result: this.#random() < likely ? 'success' : this.#random() < 0.05 ? 'neutral' : 'failure',
        attributes,
      };
    });
    const reply = await this.#untilAnswered<RecordReply>('/api/v1/outcomes', 'POST', { outcomes });
    reply.items.forEach(({ id, externalId }, i) => {
      const { result = 'failure', attributes = {} } = outcomes[i] ?? {};
      this.outcomes.set(externalId ?? '', { id, result, attributes, deleted: false });
    });
  }

  async #change(): Promise<void> {
    const keys = [...this.outcomes.keys()].filter((key) => !this.#busy.has(key));
    // Mostly of late, as people correct; sometimes of long ago.
    const from = this.#random() < 0.7 ? Math.max(0, keys.length - 60) : 0;
    const key = keys[from + this.#below(keys.length - from)];
    const before = key === undefined ? undefined : this.outcomes.get(key);
    if (key === undefined || before === undefined) return;
    this.#busy.add(key);
    const path = `/api/v1/outcomes/${before.id}`;
    const roll = this.#random();
    const after = before.deleted
      ? { ...before, deleted: false }
      : roll < 0.3
        ? { ...before, deleted: true }
        : roll < 0.7
          ? { ...before, result: before.result === 'success' ? ('failure' as const) : ('success' as const) }
          : { ...before, attributes: this.#attributes() };
    const { result, attributes } = after;
    const answered = before.deleted
      ? await this.#once(`${path}/restore`, 'POST', {})
      : after.deleted
        ? await this.#once(path, 'DELETE')
        : await this.#once(path, 'PATCH', { result, attributes });
    const now = answered !== null ? after : told(await this.#untilAnswered<OutcomeView>(path, 'GET'));
    if (![before, after].some((one) => isSame(one, now))) {
      throw new Error(
        `${key} is neither what it was nor what it was to be: ${JSON.stringify([before, after, now])}`,
      );
    }
    this.outcomes.set(key, now);
    this.#busy.delete(key);
  }

  async #choose(): Promise<void> {
    const { items } = await this.#untilAnswered<PatternList>('/api/v1/patterns?limit=40&sort=n', 'GET');
    const chosen = items[this.#below(items.length)];
    if (chosen?.id == null) return;
    const { id } = chosen;
    if (this.#random() < 0.2) {
      const choice = chosen.status === 'retired' ? 'resume' : 'retire';
      await this.#once(`/api/v1/patterns/${id}/${choice}`, 'POST', {});
      return;
    }
    const pins = !(this.pinned.get(id) ?? chosen.pinned);
    const answered = await this.#once<PatternChoice>(
      `/api/v1/patterns/${id}/${pins ? 'pin' : 'unpin'}`,
      'POST',
      {},
    );
    // Unanswered, it may still come into force; the next choice about it would not know what it undoes.
    if (answered === null) this.pinned.delete(id);
    else this.pinned.set(id, pins);
  }

  #attributes(): Record<string, string> {
    const topics = ['music', 'sport', 'news', 'food'];
    return {
      hook: this.#random() < 0.5 ? 'question' : 'claim',
      topic: topics[this.#below(topics.length)] ?? 'news',
      // Some values are rare, so that patterns are born all the time.
      place: `p${Math.floor(this.#random() ** 3 * 20)}`,
      length: this.#random() < 0.3 ? 'short' : 'long',
    };
  }

  /** One try; null where no answer came. */
  async #once<T>(path: string, method: string, body?: unknown): Promise<T | null> {
    let response: Response;
    try {
      response = await this.#request(path, {
        method,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      if (response.ok) return (await response.json()) as T;
    } catch {
      // The connection broke, which is what this is about.
      this.unanswered += 1;
      return null;
    }
    if (response.status >= 500) {
      this.unanswered += 1;
      return null;
    }
    throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  }

  async #untilAnswered<T>(path: string, method: string, body?: unknown): Promise<T> {
    const end = Date.now() + NOT_UP_MS;
    for (;;) {
      const answer = await this.#once<T>(path, method, body);
      if (answer !== null) return answer;
      if (Date.now() > end) throw new Error(`${method} ${path} was not answered.`);
      await pause(RETRY_MS);
    }
  }

  #below(end: number): number {
    return Math.floor(this.#random() * end);
  }
}

const told = ({ id, result, attributes, deletedAt }: OutcomeView): Told => ({
  id,
  result,
  attributes,
  deleted: deletedAt !== null,
});

/** Attributes in any order. */
export function isSame(a: Told, b: Told): boolean {
  const plain = ({ id, result, attributes, deleted }: Told) =>
    JSON.stringify([id, result, deleted, Object.entries(attributes).sort()]);
  return plain(a) === plain(b);
}

const pause = (ms: number) => new Promise((next) => setTimeout(next, ms));
