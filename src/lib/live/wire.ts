import type { Delta, Reset, Snapshot } from '#lib/contracts/feed.ts';

/** What the server says, as far as the client reads it. */
export interface Hello {
  resume: 'ok' | 'reset' | 'fresh';
  from: string | null;
  head: string;
  hb?: number;
}

export interface Goaway {
  reason?: string;
  retry?: number;
}

export interface PollPage {
  epoch: string;
  from: string;
  to: string;
  events: Delta[];
  reset?: Reset;
  snapshot?: Snapshot[];
  streaming?: boolean;
}

/** What is known of the stream that is open. */
export interface OpenStream {
  silentMs: number | null;
  /** Everything up to here had come about when the stream opened. */
  headSeq: number;
}
