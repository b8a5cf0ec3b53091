import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { OutcomeFormValues } from '#lib/contracts/outcome-form.ts';
import {
  isFault,
  provesUnsaved,
  SAVED_BEFORE,
  type SendAnswer,
  type Trouble,
  type UnsentOutcome,
} from './unsent-outcome.ts';

const NAME = 'telltale-unsent';
const VERSION = 1;

interface Schema extends DBSchema {
  outcomes: { key: number; value: UnsentOutcome; indexes: { owner: string; once: string } };
  /** Who sends, where the browser has no locks: one row for each owner. */
  leases: { key: string; value: { holder: string; until: number } };
}

/** What is to be kept; the store gives it its place. */
export interface Keeping {
  owner: string;
  values: OutcomeFormValues;
  /** Milliseconds since 1970. */
  at: number;
  /** The place of the one that was edited. */
  replaces?: number | null;
}

/**
 * Unsent outcomes in IndexedDB, shared by all tabs. Every method is one transaction, so tabs see each other's changes
 * whole or not at all, and what it resolved to survives a crash of the browser.
 */
export class UnsentStore {
  readonly #db: IDBPDatabase<Schema>;

  private constructor(db: IDBPDatabase<Schema>) {
    this.#db = db;
  }

  /**
   * @param onClosed called when a newer page or the browser itself closed it; every method throws from then on
   * @throws DOMException where the browser keeps nothing, as in some private windows
   */
  static async open(onClosed: () => void = () => undefined): Promise<UnsentStore> {
    const db = await openDB<Schema>(NAME, VERSION, {
      upgrade(fresh) {
        const outcomes = fresh.createObjectStore('outcomes', { keyPath: 'seq', autoIncrement: true });
        outcomes.createIndex('owner', 'owner');
        outcomes.createIndex('once', 'values.once', { unique: true });
        fresh.createObjectStore('leases');
      },
      // A newer page opens a newer version: this one lets go, and keeps nothing more until it is loaded again.
      blocking: (_current, _blocked, event) => {
        if (event.target instanceof IDBDatabase) event.target.close();
        onClosed();
      },
      terminated: onClosed,
    });
    return new UnsentStore(db);
  }

  close(): void {
    this.#db.close();
  }

  #write(durability: IDBTransactionDurability = 'default') {
    return this.#db.transaction('outcomes', 'readwrite', { durability });
  }

  /** Keeps one; under a key that waits already, or in the place of an edited one, it replaces that. */
  async keep({ owner, values, at, replaces = null }: Keeping): Promise<UnsentOutcome> {
    // Written through to the disk, for it is nowhere else.
    const tx = this.#write('strict');
    const known =
      (replaces === null ? undefined : await tx.store.get(replaces)) ??
      (await tx.store.index('once').get(values.once));
    const entry: Omit<UnsentOutcome, 'seq'> & { seq?: number } =
      known === undefined
        ? { owner, values, recordedAt: at, attempts: 0, version: 1, uncertain: null, trouble: null }
        : {
            ...known,
            values,
            version: known.version + 1,
            uncertain: known.values.once === values.once ? known.uncertain : null,
            trouble: null,
          };
    // The store's own key generator fills `seq` in, which the type of `put` does not know.
    const seq = await tx.store.put(entry as UnsentOutcome);
    await tx.done;
    return { ...entry, seq };
  }

  /** In the order of recording. */
  all(owner: string): Promise<UnsentOutcome[]> {
    return this.#db.getAllFromIndex('outcomes', 'owner', owner);
  }

  /** The next that waits after this place, noted as being sent, or null. The second is as it was before. */
  async take(owner: string, after: number): Promise<[UnsentOutcome, UnsentOutcome] | null> {
    const tx = this.#write();
    let cursor = await tx.store.index('owner').openCursor(owner);
    if (cursor !== null && cursor.primaryKey <= after)
      cursor = await cursor.continuePrimaryKey(owner, after + 1);
    while (cursor !== null && cursor.value.trouble !== null) cursor = await cursor.continue();
    if (cursor === null) return null;
    const before = cursor.value;
    const taken = {
      ...before,
      attempts: before.attempts + 1,
      uncertain: before.uncertain ?? before.version,
    };
    await tx.store.put(taken);
    await tx.done;
    return [taken, before];
  }

  /**
   * Notes what became of a sending. One that was edited meanwhile, or after an earlier sending that had arrived, is
   * saved with other content than it has now: it stays, held.
   * @returns the trouble that holds it, or null
   */
  async settle(sent: UnsentOutcome, before: UnsentOutcome, answer: SendAnswer): Promise<Trouble | null> {
    const tx = this.#write();
    const now = await tx.store.get(sent.seq);
    let held: Trouble | null = null;
    if (now !== undefined) {
      if (answer.kind === 'saved') {
        const arrivedBefore =
          answer.duplicate && before.uncertain !== null && before.uncertain !== sent.version;
        if (arrivedBefore || now.version !== sent.version) held = SAVED_BEFORE;
        if (held === null) await tx.store.delete(sent.seq);
        else await tx.store.put({ ...now, trouble: held });
      } else if (provesUnsaved(answer)) {
        if (answer.kind === 'held' && now.version === sent.version) held = answer.trouble;
        await tx.store.put({ ...now, uncertain: before.uncertain, trouble: held });
      } else if (isFault(answer)) {
        await tx.store.put({ ...now, faults: (now.faults ?? 0) + 1 });
      }
    }
    await tx.done;
    return held;
  }

  async discard(seq: number): Promise<void> {
    const tx = this.#write();
    await tx.store.delete(seq);
    await tx.done;
  }

  /**
   * Takes or renews the right to send for so long; false while another holder has it. One that would last longer than
   * any is of a time when the clock was wrong.
   */
  async lease(owner: string, holder: string, now: number, leaseMs: number): Promise<boolean> {
    const tx = this.#db.transaction('leases', 'readwrite');
    const held = await tx.store.get(owner);
    const leftMs = held === undefined || held.holder === holder ? 0 : held.until - now;
    const free = leftMs <= 0 || leftMs > leaseMs;
    if (free) await tx.store.put({ holder, until: now + leaseMs }, owner);
    await tx.done;
    return free;
  }

  /** Ends the right to send, if this holder has it. */
  async letGo(owner: string, holder: string): Promise<void> {
    const tx = this.#db.transaction('leases', 'readwrite');
    if ((await tx.store.get(owner))?.holder === holder) await tx.store.delete(owner);
    await tx.done;
  }
}
