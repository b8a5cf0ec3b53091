import type { OutcomeView } from '#lib/contracts/outcome.ts';
import type { AuditEntry } from '../../audit/emit-audit.ts';
import type { FeedEvent } from '../../event-log/append-events.ts';

/** Up to so many outcomes of one request have an audit row and a feed event each (FINE-PRINT 14). */
const ONE_BY_ONE = 50;
const BULK = 100;

function* groupsOf<T>(items: readonly T[], size: number): Generator<[T, ...T[]]> {
  for (let start = 0; start < items.length; start += size) {
    const [first, ...rest] = items.slice(start, start + size);
    if (first !== undefined) yield [first, ...rest];
  }
}

/** What the audit keeps of outcomes that were recorded together. */
export function auditOf(views: readonly OutcomeView[], note: string | undefined): AuditEntry[] {
  const said = note === undefined ? {} : { note };
  if (views.length <= ONE_BY_ONE) {
    return views.map((view) => ({
      action: 'outcome.recorded',
      targetType: 'outcome',
      targetId: view.id,
      metadata: { ...said, source: view.source, externalId: view.externalId },
    }));
  }
  return [...groupsOf(views, BULK)].map((group) => ({
    action: 'outcome.recorded',
    targetType: 'outcome',
    targetId: group[0].id,
    metadata: { ...said, source: group[0].source, count: group.length, last: group.at(-1)?.id },
  }));
}

/** What the feed says of them. */
export function eventsOf(views: readonly OutcomeView[]): FeedEvent[] {
  if (views.length <= ONE_BY_ONE) {
    return views.map((view) => ({ type: 'outcome.recorded', key: view.id, rev: view.revision, value: view }));
  }
  return [...groupsOf(views, BULK)].map((items) => ({
    type: 'outcome.recorded',
    key: `bulk/${items[0].id}`,
    rev: 1,
    value: { items },
  }));
}
