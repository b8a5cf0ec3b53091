import { z } from 'zod';
import type { ActivityView, CollectionChange, LoginView } from './activity.ts';
import type { JourneyView } from './journey.ts';
import type { MetricsView } from './metrics.ts';
import type { MaintenanceNotice, SystemError } from './notices.ts';
import type { OutcomeView } from './outcome.ts';
import type { PatternView } from './pattern.ts';
import type { PersonHere } from './presence.ts';
import type { SelfCheckView } from './self-check.ts';

export const FEED_TOPICS = [
  'outcomes',
  'patterns',
  'alerts',
  'recommendations',
  'metrics',
  'journeys',
  'notifications',
  'presence',
  'collections',
  'system',
] as const;
export type FeedTopic = (typeof FEED_TOPICS)[number];

export const FEED_EVENTS = ['hello', 'delta', 'reset', 'snapshot', 'live', 'cursor', 'goaway'] as const;
export const CURSOR = /^[a-z0-9]{4,16}-[0-9]{1,16}$/;
/**
 * When a client gets what there is before what changes: after a reset, also at the start, or never. Instead of a mode
 * some topics: of these at the start, of all after a reset.
 */
export const SNAPSHOT_MODES = ['auto', 'always', 'never'] as const;
/** Why what a client missed cannot be told it one by one. */
export const RESET_REASONS = [
  'expired',
  'epoch',
  'future',
  'bad-cursor',
  'scope',
  'slow',
  'too-much',
] as const;
export type ResetReason = (typeof RESET_REASONS)[number];
/**
 * Why a stream ends; `off`: streaming is switched off for this reader, who polls instead; `unavailable`: something of
 * ours failed before the stream began.
 */
export const GOAWAY_REASONS = ['deploy', 'max-age', 'too-many', 'revoked', 'off', 'unavailable'] as const;
export type GoawayReason = (typeof GOAWAY_REASONS)[number];

/** The frame `delta`: what changed. `rev` decides which of two deltas of one key is newer. */
export const deltaSchema = z
  .object({
    c: z.string().describe('Cursor of this delta; continue from it.'),
    t: z.number().describe('Milliseconds since 1970 when it was sequenced.'),
    topic: z.enum(FEED_TOPICS),
    type: z.string(),
    op: z.enum(['upsert', 'delete']),
    key: z.string(),
    rev: z.number(),
    patch: z.unknown().optional(),
    value: z.unknown().optional(),
    from: z
      .number()
      .int()
      .optional()
      .describe('Of several in one: the first place of them; `c` is the last.'),
    coalesced: z
      .number()
      .int()
      .optional()
      .describe('How many changes of this key are in this one; its lists leave out what later ones repeat.'),
  })
  .meta({ id: 'Delta' });
export type Delta = z.infer<typeof deltaSchema>;

/** The frame `snapshot`: what there is. Each item is applied like a delta of the same type. */
export const snapshotSchema = z
  .object({
    topic: z.enum(FEED_TOPICS),
    type: z.string(),
    part: z.number().int().describe('From 1.'),
    of: z.number().int(),
    items: z.array(z.object({ key: z.string(), rev: z.number(), value: z.unknown() })),
  })
  .meta({ id: 'Snapshot' });
export type Snapshot = z.infer<typeof snapshotSchema>;

/** The frame `reset`. */
export const resetSchema = z
  .object({
    reason: z.enum(RESET_REASONS),
    head: z.string().describe('Everything up to this cursor is to be read anew.'),
    oldest: z.string().optional().describe('The oldest event that could still be told.'),
  })
  .meta({ id: 'Reset' });
export type Reset = z.infer<typeof resetSchema>;

/** Payloads by `type`. Every event of the product is one of these. */
export interface FeedValues {
  /** One outcome, or at most 100 of a bulk request in `items`. */
  'outcome.recorded': OutcomeView | { items: OutcomeView[] };
  'outcome.corrected': OutcomeView;
  'outcome.deleted': OutcomeView;
  'outcome.restored': OutcomeView;
  'journey.opened': JourneyView;
  'journey.stepped': JourneyView;
  /** Closed by an outcome; those of one request in `items`, at most 100. */
  'journey.closed': JourneyView | { items: JourneyView[] };
  /** The outcome that had closed it was deleted. */
  'journey.reopened': JourneyView;
  /**
   * What the last applied batch changed among the patterns shown first. `leaders`: ids in order. A pattern that has left
   * its place comes once more, as retired. For a reader that chose some, `leaders` and `items` have only these.
   */
  'pattern.updated': {
    asOf: number;
    /** Of all outcomes at `asOf`; the rest of a pattern that is not in `items` follows from it. */
    totals: { n: number; successes: number };
    /** Ids of the rows shown first, in order. */
    leaders: string[];
    /**
     * Complete views, at most 60: at once those shown first, the pinned ones and those that something happened to; the
     * others that emerge, are confirmed or weaken within half a second, in turns.
     */
    items: PatternView[];
    /** How many changed and are not among them yet, chosen by the reader or not. */
    more: number;
  };
  /** `counted`: outcomes of this batch with their positions, when it was a small one. */
  'metrics.updated': MetricsView & { counted?: { id: string; position: number }[] };
  'import.progressed': ImportView;
  'self-check.progressed': SelfCheckView;
  /** The first connection of a visit opened. `op` is upsert. */
  'presence.joined': PersonHere;
  /** The last connection is gone, and none came in its place. `op` is delete. */
  'presence.left': PersonHere;
  /** Announced for everybody; deleted (with what it was) when it is taken back. It passes without an event. */
  'system.maintenance': MaintenanceNotice;
  /** For admins: begins as an upsert and ends as a delete, both with what it is. */
  'system.error': SystemError;
  'workspace.changed': { id: string };
  /** This person's role here began, changed or ended; what they may see may be another. For them alone. */
  'access.changed': { userId: string };
  /** Somebody did something here. For admins, as the logins of members are. */
  'user.acted': ActivityView;
  'user.logged_in': LoginView;
  'user.logged_out': LoginView;
  /** Something that people set up came, changed or went. */
  'collection.created': CollectionChange;
  'collection.updated': CollectionChange;
  'collection.deleted': CollectionChange;
  /** A login of this person ended, in no workspace. For the servers alone. */
  'session.ended': { userId: string };
}
export type FeedType = keyof FeedValues;

export const TOPIC_OF: Record<FeedType, FeedTopic> = {
  'outcome.recorded': 'outcomes',
  'outcome.corrected': 'outcomes',
  'outcome.deleted': 'outcomes',
  'outcome.restored': 'outcomes',
  'journey.opened': 'journeys',
  'journey.stepped': 'journeys',
  'journey.closed': 'journeys',
  'journey.reopened': 'journeys',
  'pattern.updated': 'patterns',
  'metrics.updated': 'metrics',
  'import.progressed': 'collections',
  'self-check.progressed': 'system',
  'presence.joined': 'presence',
  'presence.left': 'presence',
  'system.maintenance': 'system',
  'system.error': 'system',
  'workspace.changed': 'system',
  'access.changed': 'system',
  'user.acted': 'presence',
  'user.logged_in': 'presence',
  'user.logged_out': 'presence',
  'collection.created': 'collections',
  'collection.updated': 'collections',
  'collection.deleted': 'collections',
  'session.ended': 'system',
};

export const importViewSchema = z
  .object({
    id: z.uuid(),
    fileName: z.string(),
    state: z.enum(['uploaded', 'checking', 'ready', 'importing', 'done', 'failed', 'cancelled']),
    rows: z.number().int().nullable(),
    done: z.number().int(),
    added: z.number().int(),
    duplicates: z.number().int().describe('Known already, so nothing was added.'),
    differing: z.number().int().describe('Duplicates that are kept with other content than this file has.'),
    skipped: z.number().int(),
    problems: z
      .array(z.object({ row: z.number().int(), column: z.string().nullable(), reason: z.string() }))
      .describe('The first hundred.'),
    problemCount: z.number().int().describe('Rows that cannot be imported.'),
    error: z.string().nullable(),
    createdAt: z.string(),
    finishedAt: z.string().nullable(),
  })
  .meta({ id: 'Import' });
export type ImportView = z.infer<typeof importViewSchema>;
