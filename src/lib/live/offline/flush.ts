import { isFault, type SendAnswer, type Trouble, type UnsentOutcome } from './unsent-outcome.ts';
import type { UnsentStore } from './unsent-store.ts';

export interface FlushParts {
  store: Pick<UnsentStore, 'take' | 'settle'>;
  /** Sends one; answers whatever happens. */
  send(entry: UnsentOutcome): Promise<SendAnswer>;
  /** Called after each, with what holds it when it stays. */
  onSettled(entry: UnsentOutcome, answer: SendAnswer, held: Trouble | null): void;
}

/** Why sending ended: all were sent or are held, or the rest has to wait. */
export type FlushEnd =
  | { kind: 'done' }
  | { kind: 'login' }
  | { kind: 'forbidden'; message: string }
  | { kind: 'later'; reason: 'network' | 'busy' | 'fault'; afterMs: number | null };

/** One on which the server has failed so often lets the others pass, and is tried again after them. */
const FAULTS_IN_THE_WAY = 3;

/**
 * Sends what waits, in the order of recording, one after the other; what is refused is held and lets the others pass.
 * Only one tab may do this at a time; if two did, the keys would still make each one outcome.
 */
export async function flush(owner: string, { store, send, onSettled }: FlushParts): Promise<FlushEnd> {
  let after = 0;
  let end: FlushEnd = { kind: 'done' };
  for (;;) {
    const taken = await store.take(owner, after);
    if (taken === null) return end;
    const [entry, before] = taken;
    after = entry.seq;
    const answer = await send(entry);
    const held = await store.settle(entry, before, answer);
    onSettled(entry, answer, held);
    if (answer.kind === 'saved' || answer.kind === 'held') continue;
    if (!isFault(answer) || (before.faults ?? 0) + 1 < FAULTS_IN_THE_WAY) return answer;
    end = answer;
  }
}
