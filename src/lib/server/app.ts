import type { FeedType, FeedValues, GoawayReason } from '#lib/contracts/feed.ts';
import type { AttributeView, PatternLookup } from '#lib/contracts/fold.ts';
import type { MetricsView } from '#lib/contracts/metrics.ts';
import type { PatternList, PatternQuery, PatternView } from '#lib/contracts/pattern.ts';
import type { WantedCondition } from '#lib/domain/patterns/lookup.ts';
import type { Actor, Context } from './context.ts';
import type { Database, Sql, TransactionSql } from './db/client.ts';
import type { Env } from './env.ts';
import type { Insight } from './recalculation/pattern-insight.ts';

/** Hints after a commit. Losing one costs latency (a poll finds the work), never an event. */
export interface Doorbell {
  /** Log entries of this workspace wait to be placed. */
  ringLog(workspaceId: string): void;
  /** Events wait in the outbox to be sequenced. */
  ringFeed(): void;
  onLog(listener: (workspaceId: string) => void): () => void;
  onFeed(listener: () => void): () => void;
  /** The sequencer placed events up to `seq`. */
  ringSequenced(seq: number): void;
  onSequenced(listener: (seq: number) => void): () => void;
}

/** What is known about one workspace as of its last applied position; answered from memory. */
export interface WorkspaceKnowledge {
  readonly asOf: number;
  /** Names what every answer is made from: the position and the settings in force. Another version, other figures. */
  readonly version: string;
  /** Patterns by the query, sorted, paged by cursor. */
  listPatterns(query: PatternQuery): PatternList;
  /** The rows shown first, at most eight. */
  leading(): PatternView[];
  /** The same as the value of a delta that leaves nothing out. */
  leadersUpdate(): FeedValues['pattern.updated'];
  /** The same of those of these ids that are tracked, shown first or not. */
  chosenUpdate(ids: readonly string[]): FeedValues['pattern.updated'];
  /** The tracked patterns that an outcome with these values (by attribute, as recorded) counts in; the first `limit`. */
  matching(has: ReadonlyMap<string, string>, limit: number): { total: number; items: PatternView[] };
  getPattern(id: string): PatternView | null;
  /** Any conjunction of one to three conditions, written `attribute:value`. @throws AppError VALIDATION */
  lookupWhere(where: readonly string[]): PatternLookup;
  /** The conjunction of conditions as patterns have them. @throws AppError VALIDATION, also where one is no more */
  lookupNamed(conditions: readonly WantedCondition[]): PatternLookup;
  metrics(options?: { history?: boolean }): Promise<MetricsView>;
  attributes(): AttributeView[];
  /** The deeper answers about patterns. */
  readonly insight: Insight;
}

/** The folds of all workspaces this instance serves. */
export interface Folds {
  /** Ready to answer: waits while the log is being read for the first time. @throws AppError UNAVAILABLE */
  of(workspaceId: string): Promise<WorkspaceKnowledge>;
  /**
   * Reads how far a log is applied. Where the database has lost what the fold holds here, as after a failover to a copy
   * that was behind, the fold begins anew, and `of` answers again when it has. In a transaction that sees one moment, to
   * be asked before all else: the fold may be newer than what is seen otherwise.
   */
  readApplied(sql: Sql | TransactionSql, workspaceId: string): Promise<number>;
  /** Waits until the fold has applied at least `position`, or the deadline. */
  waitFor(workspaceId: string, position: number, deadlineMs: number): Promise<boolean>;
  /**
   * Begins a comparison of the workspace's state with a refold of its log; null while one runs. It goes on by itself
   * and stores what it finds.
   */
  check(workspaceId: string, requestedBy: string): Promise<{ id: string } | null>;
  /** State for health: placed, applied, waiting, leader here or not, per workspace. */
  health(): { workspaceId: string; applied: number; leading: boolean; error: string | null }[];
}

/** Rate limits. @throws AppError RATE_LIMITED */
export interface Limits {
  /** Counts an attempt by address, by e-mail and by both. */
  login(attempt: { ip: string | null; email: string }): Promise<void>;
  /** Gives the attempts of this address and e-mail back. */
  loginSucceeded(attempt: { ip: string | null; email: string }): Promise<void>;
  write(key: string): Promise<void>;
  openStream(key: string): Promise<void>;
}

/** What the feed's route knows of a request besides who it is. */
export interface FeedRequest {
  url: URL;
  /** Its signal tells that the client went. */
  request: Pick<Request, 'headers' | 'signal'>;
  /** `sessions.row_id` of a request with a cookie, so that ending the session ends its streams. */
  sessionRowId: string | null;
}

/** How often something took how long. */
export interface Distribution {
  /** Upper bounds of the buckets, in seconds; one more bucket takes what is longer. */
  bounds: readonly number[];
  /** Per bucket, not added up. */
  counts: readonly number[];
  count: number;
  /** Seconds. */
  sum: number;
}

/** What the feed of this instance does, since it started where nothing else is said. */
export interface FeedStats {
  /** Open now: streams, and polls that wait for an event. */
  streams: number;
  polls: number;
  /** Requests that were answered with a stream or a poll. */
  opened: { stream: number; poll: number };
  /** Requests that could not be given a stream: too many, or something failed. */
  refused: number;
  /** Events read from the outbox, each encoded once whoever reads it. */
  read: number;
  /** Events joined into what a class of readers gets: each once per class, but for readers that are behind. */
  joined: number;
  /** Events and bytes written to readers (one event to ten streams counts ten). */
  delivered: number;
  deliveredBytes: number;
  /** Changes that slow readers got as a part of a later one. */
  coalesced: number;
  /** Reads of the outbox for readers that are behind what is in memory. */
  replays: number;
  /** `sent` above `built`: shared by readers that came together. */
  snapshots: { built: number; sent: number };
  /** Position up to which streams are served, and how much of it a reconnecting client gets from memory. */
  head: string;
  ringEvents: number;
  ringBytes: number;
  /** Readers told to read everything again, and streams ended, by reason. */
  resets: Record<string, number>;
  goaways: Record<string, number>;
  /** Streams that ended because something went wrong here. */
  failed: number;
  /** How long the slowest open stream has been behind; 0 when all have everything. */
  slowestLagMs: number;
  /** From an event's place in the sequence to the streams that waited for it. */
  latency: Distribution;
  /** From a request with a cursor until its client had everything up to then. */
  resume: Distribution;
  /** From an authorized request for a stream until the stream was open. */
  established: Distribution;
  sequencing: boolean;
}

/** Whose feed: one workspace, some topics, some scopes, all patterns or some. */
export interface FeedAudience {
  workspaceId: string;
  topics: readonly string[];
  scopes: readonly string[];
  /** Ids of the patterns that the topic `patterns` is about; null: all there are. */
  patterns: readonly string[] | null;
}

/** What there is of one type; each item is applied like a delta of that type. */
export type SnapshotPart = {
  [T in FeedType]: { type: T; items: { key: string; rev: number; value: FeedValues[T] }[] };
}[FeedType];

/** What there is as of a place in the feed: what was sequenced later is not in it. */
export interface FeedSnapshot {
  epoch: string;
  seq: number;
  /** Rows of the database. */
  parts: readonly SnapshotPart[];
  /** Null where none of the topics has any. */
  figures: SnapshotFigures | null;
}

/** The folded figures of a snapshot, from the fold's memory: as new as the snapshot's place, or newer. */
export interface SnapshotFigures {
  /** All of them, with the patterns shown first; none when the fold failed. @throws AppError UNAVAILABLE */
  parts(): Promise<readonly SnapshotPart[]>;
  /** `pattern.updated` with these patterns instead; null when the fold failed. @throws AppError UNAVAILABLE */
  chosen(ids: readonly string[]): Promise<SnapshotPart | null>;
}

/** Reads a snapshot, which is the same whatever patterns were chosen. */
export type SnapshotSource = (audience: Omit<FeedAudience, 'patterns'>) => Promise<FeedSnapshot>;

/** Who may use streams; the others are told to poll. */
export interface StreamingSwitch {
  /** `owner`: id of the person or the key. */
  allows(owner: string): boolean;
  /** Called after an answer may have changed; returns the way to stop. */
  onChange(listener: () => void): () => void;
}

/** Somebody who reads the feed here: one stream, or one poll. */
export interface FeedReading {
  workspaceId: string;
  actor: Actor;
  sessionRowId: string | null;
}

/** Hears who reads the feed of this instance. Both only take note, so that no reader waits for it. */
export interface ReadingListener {
  opened(reading: FeedReading, transport: 'stream' | 'poll'): void;
  /** `reading`: the same object. */
  closed(reading: FeedReading): void;
}

/** The realtime feed of this instance. */
export interface Feed {
  /** Answers `GET /api/v1/feed`: a stream, or a problem for parameters that do not parse. */
  open(ctx: Context, request: FeedRequest): Promise<Response>;
  /** Answers `GET /api/v1/feed` with nothing but a goodbye. */
  turnAway(reason: GoawayReason): Response;
  /** Answers `HEAD /api/v1/feed`: the headers or the problem of a GET, holding nothing open. */
  head(request: Pick<FeedRequest, 'url' | 'request'>): Response;
  /** Answers `GET /api/v1/feed/poll`: the same events as JSON, waiting for the next one when there is none. */
  poll(ctx: Context, request: FeedRequest): Promise<Response>;
  /** Answers `HEAD /api/v1/feed/poll`, waiting for nothing. */
  pollHead(request: Pick<FeedRequest, 'url' | 'request'>): Response;
  /**
   * Looks at once whether they may still read who read; call after a key, session, role or membership ended. Streams at
   * other instances learn it from the event of it, or within seconds by themselves.
   * @param whose id of a person or of a workspace; everybody when left out
   */
  recheck(whose?: string): void;
  /**
   * Says goodbye to every stream, a thousand a second and in less than nine seconds, and to every later one at once.
   */
  drain(): Promise<void>;
  stats(): FeedStats;
}

/** Switches of the installation, as this instance knows them: at most two seconds old. Answered from memory. */
export interface Flags {
  /**
   * Whether this user or key may have streams; otherwise it polls. Sticky: the same share of owners at every instance.
   * @param ownerId id of the user or key
   */
  streamingFor(ownerId: string): boolean;
  /** Called after a switch was turned, here or elsewhere. @returns stops it */
  onChange(listener: () => void): () => void;
  /** Reads them again at once; for whoever turned one. */
  refresh(): Promise<void>;
}

/** The parts of the running server that services need. Made by runtime.ts only. */
export interface App {
  db: Database;
  env: Env;
  doorbell: Doorbell;
  folds: Folds;
  limits: Limits;
  feed: Feed;
  flags: Flags;
  /** Aborted when the server begins to shut down: whoever holds a response open ends it. */
  draining: AbortSignal;
  /** Name of this instance, for leadership and logs. */
  instance: string;
  now: () => number;
}
