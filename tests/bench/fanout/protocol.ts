/** What the three processes of the fan-out bench say to each other, and how an event is told in the bytes. */
export const KINDS = ['feed', 'hub', 'hub-people', 'ws', 'socket.io', 'better-sse', 'sveltekit-sse'] as const;
/** `feed`: from PostgreSQL to HTTP; `hub`: the same without PostgreSQL; `hub-people`: each reader another person. */
export type Kind = (typeof KINDS)[number];

export type ToServer =
  | { do: 'memory' }
  | { do: 'cpu' }
  /** Publishes by itself; not for `feed`, whose events come through the database. */
  | { do: 'publish'; rate: number; seconds: number };

export interface Ready {
  port: number;
  token: string;
  workspaceId: string;
}
export type FromServer =
  Ready | { rssBytes: number } | { cpuSeconds: number } | { begun: number; published: number };

export type ToReaders =
  { do: 'open'; kind: Kind; port: number; token: string; readers: number } | { do: 'collect' };

export interface Collected {
  /** Received by all readers since the last time. */
  bytes: number;
  /** Of the readers that are looked at closely. */
  sampledBytes: number;
  sampledEvents: number;
  /** Number of an event, and when one of those readers got it. */
  arrivals: [n: number, at: number][];
  /** Readers that were told to go. */
  goodbyes: number;
  /** Connections that ended. */
  ended: number;
}

/** Milliseconds since 1970 with fractions, comparable between processes of one machine. */
export const clock = (): number => performance.timeOrigin + performance.now();
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** About 500 bytes on the wire, for everybody the same. `overhead`: what the protocol adds by itself. */
export const eventBody = (n: number, overhead: number): { n: string; text: string } => ({
  n: String(n).padStart(9, '0'),
  text: 'x'.repeat(500 - overhead - 24),
});
/** `jsonb` writes a space after the colon, `socket.io` none. */
export const EVENT_NUMBER = /"n": ?"(\d{9})"/g;
