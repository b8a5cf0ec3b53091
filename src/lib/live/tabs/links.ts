import type { FeedEnvironment } from '../environment.ts';
import { HubHost } from './hub-host.ts';
import type { ToHub, ToTab } from './messages.ts';
import type { Platform } from './platform.ts';

/** A tab's way to the hub. */
export interface HubLink {
  post(message: ToHub): void;
  close(): void;
}

export interface LinkOptions {
  /** Of the connection that is shared: whoever uses the same shares it. */
  name: string;
  tab: string;
  platform: Platform;
  environment: FeedEnvironment;
  onMessage(message: ToTab): void;
  /** A hub is there, or another than before: attach to it. */
  onHub(): void;
  /** This way does not work here. */
  onBroken(): void;
}

/** Ways from best to last; null where the browser cannot go it. */
export type Way = (options: LinkOptions) => HubLink | null;

/** How long an election may take: a leader that does not answer by then has its place taken. */
const ELECTION_MS = 300;

/** The hub lives in a SharedWorker. */
export const byWorker: Way = ({ name, tab, platform, onMessage, onHub, onBroken }) => {
  const port = platform.openWorker(name);
  if (port === null) return null;
  port.onMessage((message) => onMessage(message as ToTab));
  port.onError(onBroken);
  // After the caller has its link.
  queueMicrotask(onHub);
  return {
    post: (message) => port.post({ tab, message }),
    close: () => port.close(),
  };
};

/** The hub lives in this tab, for this tab. */
export const alone: Way = ({ tab, platform, environment, onMessage, onHub }) => {
  const host = new HubHost(platform, environment);
  queueMicrotask(onHub);
  return {
    post: (message) => host.receive({ tab, send: onMessage }, message),
    close: () => host.close(),
  };
};

/** What goes over the channel: to whoever leads, to one tab, or the word that somebody leads now. */
type Sent = { to: 'hub'; tab: string; message: ToHub } | { to: string; message: ToTab } | { to: 'all' };

/** The hub lives in the tab that holds a lock; the others speak with it over a channel. */
export const byLeader: Way = (options) => {
  const { name, tab, platform, environment } = options;
  const { locks } = platform;
  const channel = locks === null ? null : platform.openChannel(name);
  if (channel === null || locks === null) return null;
  let host: HubHost | null = null;
  let closed = false;
  let giveUp: () => void = () => undefined;
  let claim = new AbortController();
  const remote = (to: string) => ({
    tab: to,
    send: (message: ToTab) => channel.post({ to, message } satisfies Sent),
  });

  function lead(): Promise<void> {
    if (closed) return Promise.resolve();
    cancelElection();
    host = new HubHost(platform, environment);
    channel?.post({ to: 'all' } satisfies Sent);
    options.onHub();
    return new Promise((resolve) => {
      giveUp = resolve;
    });
  }

  /** Queues for the lock, or takes it; one claim of this tab at a time. */
  function follow(steal: boolean): void {
    claim.abort();
    const own = (claim = new AbortController());
    const held = locks?.hold(name, steal ? { steal } : { signal: own.signal }, lead);
    held?.catch(() => {
      // Stolen by a tab that had no answer from this one, perhaps before it was ours.
      if (closed || own !== claim) return;
      host?.close();
      host = null;
      follow(false);
      // Who took it may have said so while this tab still thought that it led.
      options.onHub();
    });
  }

  const cancelElection = environment.setTimer(() => {
    if (host === null && !closed) follow(true);
  }, ELECTION_MS);

  channel.onMessage((data) => {
    const sent = data as Sent;
    if ('tab' in sent) host?.receive(remote(sent.tab), sent.message);
    else if (!('message' in sent)) options.onHub();
    else if (sent.to === tab) {
      cancelElection();
      options.onMessage(sent.message);
    }
  });
  follow(false);
  // Somebody may lead already.
  queueMicrotask(options.onHub);

  return {
    post(message) {
      if (host !== null) host.receive({ tab, send: options.onMessage }, message);
      else channel.post({ to: 'hub', tab, message } satisfies Sent);
    },
    close() {
      closed = true;
      cancelElection();
      claim.abort();
      host?.close();
      host = null;
      giveUp();
      channel.close();
    },
  };
};
