import { z } from 'zod';

const count = z.number().nonnegative().default(0);
/** Times by bucket, upper bounds in seconds. */
const times = z
  .object({ bounds: z.array(z.number()), counts: z.array(z.number()) })
  .default({ bounds: [], counts: [] });
const byReason = z.record(z.string(), z.number()).default({});

/** What a server says of its feed and itself with each beat. Counts are since its start. */
export const instanceStatsSchema = z.object({
  /** Readers now, by transport. */
  streams: count,
  polls: count,
  /** Streams that were asked for and given, and those turned away because there were too many. */
  opened: count,
  refused: count,
  /** Readers told to read everything again, and streams told to go, by reason. */
  resets: byReason,
  goaways: byReason,
  /** Streams that ended because something went wrong here, without a word. */
  failed: count,
  /** Events read from the outbox, and given to readers (one event to ten readers counts ten). */
  read: count,
  delivered: count,
  /** Bytes given to readers each second since the beat before. */
  bytesPerSecond: count,
  /** From an authorized request until its stream was open. */
  established: times,
  /** From an event's place in the feed to the streams that waited. */
  latency: times,
  ringEvents: count,
  ringBytes: count,
  /** Position up to which readers are served. */
  head: z.string().default(''),
  /** Gives events their positions, for all servers. */
  sequencing: z.boolean().default(false),
  foldsLed: count,
  memoryBytes: count,
  /** Of one core, since the beat before. */
  cpu: count,
});
export type InstanceStats = z.infer<typeof instanceStatsSchema>;

export interface InstanceView {
  name: string;
  startedAt: string;
  beatAt: string;
  /** Since its last beat, by the database's clock. */
  silentMs: number;
  stats: InstanceStats;
}

/** A beat that is older was missed at least twice. */
export const SILENT_MS = 10_000;
