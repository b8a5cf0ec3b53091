import { request } from 'node:http';
import { createParser } from 'eventsource-parser';
import type { Delta, FeedValues } from '#lib/contracts/feed.ts';
import { API_KEY } from '../support/running-server.ts';

/**
 * Feed readers in a process of their own, so that what they cost is not counted as the server's latency.
 * Arguments: address of the server, number of readers. Says "ready" to its parent; on any message it answers with
 * what it saw and ends.
 */
export interface Seen {
  /** Milliseconds from sequenced to received, every event at every reader. */
  t2t3: number[];
  /** Outcomes counted, as each reader heard of it. */
  counted: [id: string, receivedAt: number][];
  /** From one reader. */
  positions: [id: string, position: number][];
  sequenced: [asOf: number, at: number][];
}

const [url = '', readers = '1'] = process.argv.slice(2);
const clock = () => performance.timeOrigin + performance.now();
const seen: Seen = { t2t3: [], counted: [], positions: [], sequenced: [] };
let open = 0;

function read(first: boolean): void {
  const parser = createParser({
    onEvent({ event, data }) {
      if (event === 'hello') {
        open += 1;
        if (open === Number(readers)) process.send?.('ready');
      }
      if (event !== 'delta') return;
      const now = clock();
      const delta = JSON.parse(data) as Delta;
      seen.t2t3.push(now - delta.t);
      if (delta.type !== 'metrics.updated') return;
      const { asOf, counted = [] } = delta.value as FeedValues['metrics.updated'];
      for (const { id, position } of counted) {
        seen.counted.push([id, now]);
        if (first) seen.positions.push([id, position]);
      }
      if (first) seen.sequenced.push([asOf, delta.t]);
    },
  });
  const headers = { authorization: `Bearer ${API_KEY}` };
  const stream = request(`${url}/api/v1/feed?topics=outcomes,patterns,metrics`, { headers }, (response) => {
    response.setEncoding('utf8');
    response.on('data', (text: string) => parser.feed(text));
  });
  stream.on('error', (error) => console.error(error.message));
  stream.end();
}

for (let i = 0; i < Number(readers); i += 1) read(i === 0);
process.on('message', () => process.send?.(seen, () => process.exit(0)));
