import { TOPIC_OF, type FeedType, type FeedValues } from '#lib/contracts/feed.ts';
import type {
  App,
  FeedSnapshot,
  SnapshotFigures,
  SnapshotPart,
  SnapshotSource,
  WorkspaceKnowledge,
} from '../../app.ts';
import type { TransactionSql } from '../../db/client.ts';
import { AppError } from '../../errors.ts';
import { readHead, type FeedHead } from '../../event-log/index.ts';
import { logger } from '../../logger.ts';
import { importEvents } from '../imports/index.ts';
import { newestOpenJourneys } from '../journeys/index.ts';
import { noticeParts } from '../notices/index.ts';
import { newestOutcomes } from '../outcomes/index.ts';
import { presentPeople } from '../presence/index.ts';
import { selfCheckEvents } from '../self-check/index.ts';

const OUTCOMES = 100;
const JOURNEYS = 200;
/** How long the fold may take to reach what the transaction saw as applied. */
const FOLD_PATIENCE_MS = 2_000;

type Shared = Parameters<SnapshotSource>[0];

interface Stored {
  head: FeedHead;
  /** Position that the fold had reached, as the transaction saw it. */
  applied: number;
  parts: SnapshotPart[];
}

/**
 * What a client gets that cannot be told what it missed. Rows and the feed's head are read as of one moment; folded
 * figures come from the memory of a fold of the same history once that is as new, so they may be a little newer, which
 * `rev` makes harmless.
 */
export function createSnapshotSource({ db, folds }: Pick<App, 'db' | 'folds'>): SnapshotSource {
  return async (audience): Promise<FeedSnapshot> => {
    const { head, applied, parts } = await readStored({ db, folds }, audience);
    return { ...head, parts, figures: figuresOf(folds, audience, applied) };
  };
}

async function readStored({ db, folds }: Pick<App, 'db' | 'folds'>, audience: Shared): Promise<Stored> {
  return db.sql.begin('isolation level repeatable read read only', async (tx) => {
    const applied = await folds.readApplied(tx, audience.workspaceId);
    const head = await readHead(tx);
    return { head, applied, parts: await readRows(tx, audience) };
  });
}

/** Oldest first, as their deltas would have come. */
async function readRows(tx: TransactionSql, audience: Shared): Promise<SnapshotPart[]> {
  const { workspaceId, topics } = audience;
  const parts: SnapshotPart[] = [];
  if (topics.includes('outcomes')) {
    const items = (await newestOutcomes(tx, workspaceId, OUTCOMES)).map((value) => ({
      key: value.id,
      rev: value.revision,
      value,
    }));
    parts.push({ type: 'outcome.recorded', items: items.reverse() });
  }
  if (topics.includes('journeys')) {
    const items = (await newestOpenJourneys(tx, workspaceId, JOURNEYS)).map(({ revision, view }) => ({
      key: view.id,
      rev: revision,
      value: view,
    }));
    parts.push({ type: 'journey.opened', items: items.reverse() });
  }
  if (topics.includes('collections'))
    parts.push({ type: 'import.progressed', items: (await importEvents(tx, workspaceId)).reverse() });
  if (topics.includes('system')) {
    parts.push({ type: 'self-check.progressed', items: (await selfCheckEvents(tx, workspaceId)).reverse() });
    parts.push(...(await noticeParts(tx, audience)));
  }
  if (topics.includes('presence')) {
    const items = (await presentPeople(tx, workspaceId)).map((value) => ({
      key: value.userId,
      rev: Date.parse(value.since),
      value,
    }));
    parts.push({ type: 'presence.joined', items });
  }
  return parts.filter(({ items }) => items.length > 0);
}

const isFolded = (topics: readonly string[], type: FeedType) => topics.includes(TOPIC_OF[type]);

function figuresOf(
  folds: App['folds'],
  { workspaceId, topics }: Shared,
  applied: number,
): SnapshotFigures | null {
  const patterns = isFolded(topics, 'pattern.updated');
  const metrics = isFolded(topics, 'metrics.updated');
  if (!patterns && !metrics) return null;
  return {
    async parts() {
      const knowledge = await readKnowledge(folds, workspaceId, applied);
      if (knowledge === null) return [];
      const parts: SnapshotPart[] = [];
      if (patterns) parts.push(patternPart(knowledge.leadersUpdate()));
      if (metrics) {
        const value = await knowledge.metrics();
        parts.push({ type: 'metrics.updated', items: [{ key: 'metrics', rev: value.asOf, value }] });
      }
      return parts;
    },
    // Looked at again, for a fold that failed meanwhile begins with an older memory.
    async chosen(ids) {
      const knowledge = await readKnowledge(folds, workspaceId, applied);
      return knowledge === null ? null : patternPart(knowledge.chosenUpdate(ids));
    },
  };
}

function patternPart(value: FeedValues['pattern.updated']): SnapshotPart {
  return { type: 'pattern.updated', items: [{ key: 'leaders', rev: value.asOf, value }] };
}

/**
 * What the fold knows once it has come as far; null when it failed, because the rest of a snapshot is better than none.
 * @throws AppError UNAVAILABLE while it is on the way
 */
async function readKnowledge(
  folds: App['folds'],
  workspaceId: string,
  applied: number,
): Promise<WorkspaceKnowledge | null> {
  const hasFailed = () =>
    folds.health().some((fold) => fold.workspaceId === workspaceId && fold.error !== null);
  try {
    const knowledge = await folds.of(workspaceId);
    if (await folds.waitFor(workspaceId, applied, FOLD_PATIENCE_MS)) return knowledge;
  } catch (thrown) {
    if (!hasFailed()) throw thrown;
  }
  if (!hasFailed()) {
    throw new AppError('UNAVAILABLE', 'The figures of this workspace are being read.', {
      retryAfterSeconds: 2,
    });
  }
  logger.warn({ workspaceId }, 'the fold of this workspace failed; a snapshot goes without its figures');
  return null;
}
