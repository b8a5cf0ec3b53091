import { getContext, setContext, untrack } from 'svelte';
import { afterNavigate, beforeNavigate } from '$app/navigation';
import type { OutcomeFormValues } from '#lib/contracts/outcome-form.ts';
import type { OutcomeView } from '#lib/contracts/outcome.ts';
import type { LiveFeed } from '../live-feed.svelte.ts';
import { retryDelayMs } from '../retry-delay.ts';
import { optimisticBeside, type OptimisticOutcome, type SentOutcome } from './beside.ts';
import { flush, type FlushEnd } from './flush.ts';
import { byLease, byLocks, type OneAtATime } from './one-at-a-time.ts';
import { SentOutcomes } from './sent-outcomes.ts';
import { sendOutcome, type SendTo } from './send-outcome.ts';
import { ownerOf, type SendAnswer, type Trouble, type UnsentOutcome } from './unsent-outcome.ts';
import { UnsentStore } from './unsent-store.ts';

const CONTEXT = Symbol('offline queue');
const CHANNEL = 'telltale-unsent';
/** So long the form waits for its answer before it goes on; the sending goes on behind it. */
const FORM_WAITS_MS = 5_000;
/** A delta comes within a second; a row that none has settled by then stands for nothing. */
const SENT_SHOWN_MS = 60_000;

/** What became of an outcome when the form may go on. */
export type Recorded =
  | { kind: 'saved'; id: string | null }
  /** It is kept here and will be sent. */
  | { kind: 'kept' }
  | { kind: 'held'; entry: UnsentOutcome; trouble: Trouble };

/** Between the tabs of a browser: look again. `sent`, for the rows of the others; `kept`: there is something to send. */
interface Told {
  owner: string;
  sent?: SentOutcome;
  kept?: true;
}

/**
 * The outcomes of this person in this workspace that were recorded here and are not sent yet. Each is kept in the
 * browser before it is sent, so neither a lost network nor a closed tab loses it, and sent once (docs/offline.md).
 */
export class OfflineQueue {
  /** In the order of recording. */
  #unsent = $state.raw<readonly UnsentOutcome[]>([]);
  /** Some have not gone out at the first try, so that all are worth a word beside those just on their way. */
  stuck = $state(false);
  #sent = $state.raw<readonly SentOutcome[]>([]);
  /** Outcomes can be kept here; false on the server, before the first look, and where the browser keeps nothing. */
  ready = $state(false);
  sending = $state(false);
  /** How the last sending ended. */
  #end = $state.raw<FlushEnd>({ kind: 'done' });

  readonly #to: () => SendTo;
  readonly #now: () => number;
  #store: UnsentStore | null = null;
  #turn: OneAtATime | null = null;
  #channel: BroadcastChannel | null = null;
  #owner = '';
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  readonly #book = new SentOutcomes();
  #expiry: ReturnType<typeof setTimeout> | undefined;

  constructor(to: () => SendTo, now: () => number = Date.now) {
    this.#to = to;
    this.#now = now;
  }

  get unsent(): readonly UnsentOutcome[] {
    return this.#unsent;
  }
  get waiting(): readonly UnsentOutcome[] {
    return this.unsent.filter(({ trouble }) => trouble === null);
  }
  get held(): readonly UnsentOutcome[] {
    return this.unsent.filter(({ trouble }) => trouble !== null);
  }
  /** Something waits because the server could not be reached at the last sending. */
  get lost(): boolean {
    return this.#end.kind === 'later' && this.#end.reason === 'network' && this.waiting.length > 0;
  }
  /** What a person has to do before the rest can be sent; null: nothing. */
  get needs(): { kind: 'login' } | { kind: 'forbidden'; message: string } | null {
    return this.#end.kind === 'login' || this.#end.kind === 'forbidden' ? this.#end : null;
  }

  /** Rows to show above these outcomes. */
  beside(shown: readonly Pick<OutcomeView, 'id' | 'externalId'>[]): OptimisticOutcome[] {
    return optimisticBeside(this.unsent, this.#sent, shown);
  }

  /**
   * Records an outcome: keeps it, sends it, and says what became of it as soon as the form may go on.
   * @param replaces place of the unsent one that was edited
   * @throws DOMException when the browser cannot keep it; `ready` is false from then on, and nothing was sent
   */
  async record(values: OutcomeFormValues, replaces: number | null = null): Promise<Recorded> {
    const store = this.#opened();
    const owner = this.#owner;
    const entry = await store.keep({ owner, values, at: this.#now(), replaces }).catch((thrown: unknown) => {
      this.ready = false;
      throw thrown;
    });
    try {
      return await this.#sendKept(store, entry);
    } catch (thrown) {
      // It is kept, whatever becomes of the store now: the next page that is opened sends it.
      console.warn(thrown);
      return { kind: 'kept' };
    }
  }

  async #sendKept(store: UnsentStore, { owner, seq, values }: UnsentOutcome): Promise<Recorded> {
    await this.#look();
    // Also when the browser believes that it has no network: the server may run on this machine.
    this.#book.expect(values.once);
    const sending = this.flush();
    this.#tell({ kept: true });
    // Nobody waits again for a connection that is known to be lost.
    const patienceMs = this.lost ? 0 : FORM_WAITS_MS;
    await Promise.race([sending, new Promise((goOn) => setTimeout(goOn, patienceMs))]);
    const id = this.#book.idOf(values.once);
    const now = (await store.all(owner)).find((one) => one.seq === seq);
    if (now === undefined) return { kind: 'saved', id };
    return now.trouble === null ? { kind: 'kept' } : { kind: 'held', entry: now, trouble: now.trouble };
  }

  async discard(seq: number): Promise<void> {
    await this.#opened().discard(seq);
    await this.#changed();
  }

  /** Sends what waits, now. One call at a time; a call during another makes one more round after it. */
  flush(): Promise<void> {
    this.#next ??= this.#running.then(() => {
      this.#next = null;
      this.#running = this.#flushOnce();
      return this.#running;
    });
    return this.#next;
  }

  async #flushOnce(): Promise<void> {
    const [store, turn, owner, to] = [this.#store, this.#turn, this.#owner, this.#to()];
    clearTimeout(this.#retry);
    if (store === null || turn === null) return;
    if (this.waiting.length === 0) {
      this.#end = { kind: 'done' };
      return;
    }
    this.sending = true;
    let end: FlushEnd = { kind: 'later', reason: 'busy', afterMs: null };
    try {
      await turn.run(owner, async (renew) => {
        end = await flush(owner, {
          store,
          send: async (entry) => {
            await renew();
            // Whoever is logged in meanwhile sends what is theirs.
            return owner === this.#owner ? sendOutcome(to, entry, this.#now) : { kind: 'login' };
          },
          onSettled: (entry, answer, held) => this.#settled(entry, answer, held),
        });
      });
      if (owner !== this.#owner) return;
      this.#end = end;
      await this.#changed();
      this.#scheduleAfter(end);
    } catch (thrown) {
      // The store was closed under it; the next page that is opened goes on.
      console.warn(thrown);
    } finally {
      this.sending = false;
    }
  }

  #scheduleAfter(end: FlushEnd): void {
    if (end.kind !== 'later') {
      this.#failures = 0;
      return;
    }
    const delayMs = end.afterMs ?? retryDelayMs(this.#failures, Math.random());
    this.#failures += 1;
    this.#retry = setTimeout(() => void this.flush(), delayMs);
  }

  /** What nobody waits for. A store that is closed under it has no more to tell this page. */
  #behind(work: Promise<unknown>): void {
    work.catch((thrown: unknown) => console.warn(thrown));
  }

  #settled(entry: UnsentOutcome, answer: SendAnswer, held: Trouble | null): void {
    if (answer.kind === 'saved' && held === null) {
      const sent = { id: answer.id, entry, at: this.#now() };
      this.#channel?.postMessage({ owner: entry.owner, sent } satisfies Told);
      this.#take(sent);
      this.#show(this.unsent.filter(({ seq }) => seq !== entry.seq));
    }
  }

  #take(sent: SentOutcome): void {
    this.#book.take(sent);
    this.#forgetBefore(this.#now() - SENT_SHOWN_MS);
    clearTimeout(this.#expiry);
    this.#expiry = setTimeout(() => this.#forgetBefore(this.#now()), SENT_SHOWN_MS);
  }

  /** The page is one whose loading began at `time`: what was sent before is in it, or was undone since. */
  loaded(time: number): void {
    this.#forgetBefore(time);
  }

  #forgetBefore(time: number): void {
    this.#book.forgetBefore(time);
    this.#sent = this.#book.rows;
  }

  /** The feed brings outcomes; their rows here go with `settle`, when the page shows them. */
  echo(outcomes: readonly Pick<OutcomeView, 'externalId'>[]): void {
    this.#book.echo(outcomes);
  }

  settle(): void {
    this.#sent = this.#book.rows;
  }

  #tell(told: Omit<Told, 'owner'> = {}): void {
    this.#channel?.postMessage({ owner: this.#owner, ...told } satisfies Told);
  }

  async #changed(): Promise<void> {
    this.#tell();
    await this.#look();
  }

  async #look(): Promise<void> {
    const owner = this.#owner;
    const unsent = (await this.#store?.all(owner)) ?? [];
    if (owner === this.#owner) this.#show(unsent);
  }

  #show(unsent: readonly UnsentOutcome[]): void {
    this.#unsent = unsent;
    const some = unsent.some(({ attempts, trouble }) => attempts > 0 || trouble !== null);
    this.stuck = unsent.length > 0 && (this.stuck || some);
  }

  #opened(): UnsentStore {
    if (this.#store === null) throw new Error('Nothing can be kept before `ready`.');
    return this.#store;
  }

  /** Begins, or goes over to another person or workspace; returns the way to stop. Browser only. */
  start(to: SendTo): () => void {
    this.#owner = ownerOf(to.workspaceId, to.userId);
    this.#show([]);
    this.#book.clear();
    this.#sent = [];
    this.#end = { kind: 'done' };
    this.#failures = 0;
    let stopped = false;
    this.#behind(this.#open(() => stopped));
    const online = () => void this.flush();
    const visible = () => {
      if (document.visibilityState === 'visible') this.#behind(this.#look().then(() => this.flush()));
    };
    window.addEventListener('online', online);
    document.addEventListener('visibilitychange', visible);
    return () => {
      stopped = true;
      window.removeEventListener('online', online);
      document.removeEventListener('visibilitychange', visible);
      clearTimeout(this.#expiry);
      const store = this.#store;
      void this.#running.then(() => store?.close());
      this.#leaveStore();
    };
  }

  /** The form posts by itself from then on; what is kept belongs to the pages that can still read it. */
  #leaveStore(): void {
    clearTimeout(this.#retry);
    this.#channel?.close();
    this.#channel = null;
    this.#store = null;
    this.ready = false;
    this.#show([]);
  }

  async #open(stopped: () => boolean): Promise<void> {
    let store: UnsentStore;
    try {
      store = await UnsentStore.open(() => {
        if (this.#store === store) this.#leaveStore();
      });
    } catch (thrown) {
      // Some private windows keep nothing. The form then works as it does without a script.
      if (thrown instanceof DOMException || thrown instanceof ReferenceError) return;
      throw thrown;
    }
    if (stopped()) {
      store.close();
      return;
    }
    this.#store = store;
    this.#turn =
      'locks' in navigator ? byLocks(navigator.locks) : byLease(store, String(Math.random()), this.#now);
    this.#channel = 'BroadcastChannel' in window ? new BroadcastChannel(CHANNEL) : null;
    this.#channel?.addEventListener('message', ({ data }: MessageEvent<Told>) => {
      if (data.owner !== this.#owner) return;
      if (data.sent !== undefined) this.#take(data.sent);
      // Behind the tab that sends, and in its place should it die.
      this.#behind(this.#look().then(() => (data.kept === true ? this.flush() : undefined)));
    });
    await this.#look();
    this.ready = true;
    await this.flush();
  }
}

export interface OfflineQueueOptions {
  feed: LiveFeed;
  workspace: () => { id: string; slug: string };
  userId: () => string;
}

/** Makes the queue of a layout; call while the layout's component is made, after the feed. */
export function provideOfflineQueue({ feed, workspace, userId }: OfflineQueueOptions): OfflineQueue {
  const to = () => ({ slug: workspace().slug, workspaceId: workspace().id, userId: userId() });
  const queue = new OfflineQueue(to);
  setContext(CONTEXT, queue);
  $effect(() => {
    const { slug, workspaceId, userId: user } = to();
    return untrack(() => queue.start({ slug, workspaceId, userId: user }));
  });
  $effect(() =>
    feed.on('outcome.recorded', (value) => {
      queue.echo('items' in value ? value.items : [value]);
      feed.showRows(queue, () => queue.settle());
    }),
  );
  let leftAt = 0;
  beforeNavigate(() => {
    leftAt = Date.now();
  });
  afterNavigate(() => queue.loaded(leftAt));
  // The server is there again, whatever the browser thinks of the network.
  $effect(() => {
    if (feed.state === 'live') untrack(() => void queue.flush());
  });
  return queue;
}

/** The queue of the layout above. @throws when there is none */
export function useOfflineQueue(): OfflineQueue {
  const queue = getContext<OfflineQueue | undefined>(CONTEXT);
  if (queue === undefined) throw new Error('useOfflineQueue requires provideOfflineQueue in a layout above.');
  return queue;
}
