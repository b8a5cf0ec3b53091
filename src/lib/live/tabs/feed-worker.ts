/** Entry of the SharedWorker: one for a build, a person and a workspace; its hub serves all their tabs. */
import { browserLocks, openChannel } from './browser-platform.ts';
import { HubHost } from './hub-host.ts';
import { WORKER_GATHER_MS, type TabPort, type ToHub } from './messages.ts';

const host = new HubHost({ locks: browserLocks, openChannel }, {}, WORKER_GATHER_MS);

addEventListener('connect', (event) => {
  const port = (event as MessageEvent).ports[0];
  if (port === undefined) return;
  let from: TabPort | null = null;
  port.onmessage = ({ data }: MessageEvent<{ tab: string; message: ToHub }>) => {
    from ??= { tab: data.tab, send: (message) => port.postMessage(message) };
    host.receive(from, data.message);
  };
});
