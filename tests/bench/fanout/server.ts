import type { AddressInfo } from 'node:net';
import { OTHERS, type Candidate } from './others.ts';
import { feed, hub, hubOfPeople } from './ours.ts';
import { clock, pause, type FromServer, type Kind, type ToServer } from './protocol.ts';

/** One candidate in a process of its own. Arguments: its kind, and for `feed` the database. */
const [kind, url = ''] = process.argv.slice(2) as [Kind, string?];
/** What is due goes out together, but sockets are served in between. */
const LONGEST_TURN_MS = 5;
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

async function start(): Promise<Candidate> {
  if (kind === 'feed') return feed(url);
  if (kind === 'hub') return hub();
  if (kind === 'hub-people') return hubOfPeople();
  return OTHERS[kind]();
}

/** Each event when it is due; what is not out at the end stays behind, and shows in what was delivered. */
async function publish(candidate: Candidate, rate: number, seconds: number): Promise<FromServer> {
  const begun = clock();
  const end = begun + seconds * 1_000;
  let n = 0;
  let turnBegan = begun;
  while (n < rate * seconds && clock() < end) {
    const dueAt = begun + (n * 1_000) / rate;
    const early = dueAt - clock();
    // Never by spinning: that would count as the candidate's.
    if (early > 0) {
      await pause(early);
      turnBegan = clock();
      continue;
    }
    candidate.publish(n);
    n += 1;
    if (clock() - turnBegan < LONGEST_TURN_MS) continue;
    await nextTurn();
    turnBegan = clock();
  }
  return { begun, published: n };
}

const candidate = await start();
await new Promise<void>((resolve) =>
  candidate.http.listen({ port: 0, host: '127.0.0.1', backlog: 2_048 }, resolve),
);
const say = (message: FromServer) => process.send?.(message);

process.on('message', (message: ToServer) => {
  if (message.do === 'memory') {
    globalThis.gc?.();
    say({ rssBytes: process.memoryUsage().rss });
  } else if (message.do === 'cpu') {
    const { user, system } = process.cpuUsage();
    say({ cpuSeconds: (user + system) / 1e6 });
  } else void publish(candidate, message.rate, message.seconds).then(say);
});
say({
  port: (candidate.http.address() as AddressInfo).port,
  token: candidate.token,
  workspaceId: candidate.workspaceId,
});
