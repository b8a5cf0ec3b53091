import { isKeptExternalId, keptExternalId } from '#lib/contracts/outcome-form.ts';
import type { OutcomeView } from '#lib/contracts/outcome.ts';
import type { SentOutcome } from './beside.ts';

const ECHOES_REMEMBERED = 500;

/** What was sent and has not come back by the feed yet, and who waits to hear under which id it was saved. */
export class SentOutcomes {
  #rows: readonly SentOutcome[] = [];
  readonly #echoes = new Set<string>();
  readonly #awaited = new Map<string, string | null>();

  get rows(): readonly SentOutcome[] {
    return this.#rows;
  }

  clear(): void {
    this.#rows = [];
  }

  expect(once: string): void {
    this.#awaited.set(once, null);
  }
  /** The id under which it was saved, when it is known; forgets it. */
  idOf(once: string): string | null {
    const id = this.#awaited.get(once) ?? null;
    this.#awaited.delete(once);
    return id;
  }

  /** One was sent, here or in another tab; its echo may have come before. */
  take(sent: SentOutcome): void {
    const { once } = sent.entry.values;
    if (this.#awaited.has(once)) this.#awaited.set(once, sent.id);
    if (this.#echoes.has(keptExternalId(once))) return;
    this.#rows = [...this.#rows.filter(({ id }) => id !== sent.id), sent];
  }

  /** What was sent before this time is no row any more. */
  forgetBefore(time: number): void {
    this.#rows = this.#rows.filter(({ at }) => at >= time);
  }

  /** The feed brings outcomes: the rows of the page take over. */
  echo(outcomes: readonly Pick<OutcomeView, 'externalId'>[]): void {
    for (const { externalId } of outcomes) {
      if (externalId === null || !isKeptExternalId(externalId)) continue;
      this.#echoes.add(externalId);
      const oldest = this.#echoes.size > ECHOES_REMEMBERED ? this.#echoes.values().next().value : undefined;
      if (oldest !== undefined) this.#echoes.delete(oldest);
    }
    this.#rows = this.#rows.filter(({ entry }) => !this.#echoes.has(keptExternalId(entry.values.once)));
  }
}
