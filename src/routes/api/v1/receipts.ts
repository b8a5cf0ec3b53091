import type { JourneyReceipt, JourneyView } from '#lib/contracts/journey.ts';
import type { OutcomeReceipt, OutcomeView } from '#lib/contracts/outcome.ts';

interface Asking {
  permissions: ReadonlySet<string>;
}

/** The outcome for those who may read; the others learn only what became of their change. */
export function outcomeFor(ctx: Asking, outcome: OutcomeView): OutcomeView | OutcomeReceipt {
  if (ctx.permissions.has('read')) return outcome;
  const { id, externalId, revision, deletedAt } = outcome;
  return { id, externalId, revision, deletedAt };
}

/** The journey for those who may read; the others learn only that it goes on. */
export function journeyFor(ctx: Asking, journey: JourneyView): JourneyView | JourneyReceipt {
  if (ctx.permissions.has('read')) return journey;
  const { id, state } = journey;
  return { id, state };
}
