import { fork } from 'node:child_process';
import { join } from 'node:path';
import { API_KEY, removeData, startServer } from '../../support/running-server.ts';
import { pause, type Collected, type ToReaders } from './protocol.ts';

/** SIGTERM to the built server with many streams open: until it has ended, and how many were told to come back. */
export async function measureDrain(readers: number): Promise<void> {
  const server = await startServer({
    env: {
      TELLTALE_STREAMS: '10000',
      TELLTALE_STREAMS_PER_KEY: '10000',
      TELLTALE_STREAM_OPENS_PER_SECOND: '100000',
    },
  });
  const clients = fork(join(import.meta.dirname, 'readers.ts'), [], { execArgv: ['--import', 'tsx'] });
  const ask = (message: ToReaders) =>
    new Promise<unknown>((resolve) => {
      clients.once('message', resolve);
      clients.send(message);
    });
  try {
    const port = Number(new URL(server.url).port);
    await ask({ do: 'open', kind: 'feed', port, token: API_KEY, readers });
    const begun = performance.now();
    await server.end();
    const seconds = (performance.now() - begun) / 1_000;
    await pause(500);
    const seen = (await ask({ do: 'collect' })) as Collected;
    console.log(
      `\nSIGTERM with ${readers} streams: ended after ${seconds.toFixed(1)} s; ` +
        `${seen.goodbyes} were told goodbye, ${seen.ended} connections ended.`,
    );
  } finally {
    clients.kill('SIGKILL');
    removeData(server.dataDir);
  }
}
