import { Command } from 'commander';
import { FEED_TOPICS } from '#lib/contracts/feed.ts';
import { FeedClient, type FeedProblem } from '#lib/live/feed-client.ts';

interface Options {
  topics?: string;
  patterns?: string;
  since?: string;
  url?: string;
  key?: string;
}

const REASONS: Record<FeedProblem, string> = {
  'bad-request': `The server does not take these parameters. Topics are: ${FEED_TOPICS.join(', ')}. Patterns are named by their ids.`,
  unauthenticated: 'The API key is not known or was revoked.',
  forbidden: 'The API key may not read; it needs the scope "read".',
  'not-found': 'There is no feed at this address.',
};

const say = (text: string) => process.stderr.write(`${text}\n`);

/** Prints the feed as one JSON object a line, until interrupted; after a cut it continues where it was. */
function tail(options: Options): void {
  const url = options.url ?? process.env['TELLTALE_URL'] ?? 'http://127.0.0.1:3000';
  const key = options.key ?? process.env['TELLTALE_API_KEY'];
  if (key === undefined || key === '') {
    say('Give an API key with --key or TELLTALE_API_KEY; `npm run api-key` makes one.');
    process.exitCode = 2;
    return;
  }
  // A timer of the client's ends when it stops; this one keeps the process alive meanwhile.
  const alive = setInterval(() => undefined, 60_000);
  const finish = (code: number) => {
    clearInterval(alive);
    feed.disconnect();
    process.exitCode = code;
  };
  let wasLive = false;
  let switchedOff = false;
  const feed = new FeedClient({
    url: new URL('/api/v1/feed', url).href,
    headers: { authorization: `Bearer ${key}` },
    since: options.since ?? null,
    topics: options.topics?.split(',') ?? [],
    patterns: options.patterns?.split(',') ?? [],
    handlers: {
      onDelta: (delta) => process.stdout.write(`${JSON.stringify(delta)}\n`),
      onReset: ({ reason, head }) =>
        say(`Events are missing here (${reason}); the feed goes on after ${head}.`),
      onGoaway: (reason) => {
        switchedOff = reason === 'off';
      },
      onState(state) {
        if (state === 'reconnecting' && wasLive) say('Connection lost; trying again.');
        if (state === 'polling')
          say(
            `${switchedOff ? 'Streaming is switched off' : 'Streams do not get through'}; polling every 5 s.`,
          );
        if (state === 'live' && !wasLive) say(`Connected to ${url}.`);
        wasLive = state === 'live' || (wasLive && state !== 'reconnecting');
        if (state !== 'off' || feed.problem === null) return;
        say(REASONS[feed.problem]);
        finish(1);
      },
    },
  });
  const interrupted = () => {
    if (feed.cursor !== null) say(`\nContinue with --since ${feed.cursor}`);
    finish(0);
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The reader of a pipe has seen enough, as in `tail | head`.
    if (error.code !== 'EPIPE') throw error;
    finish(0);
  });
  feed.connect();
}

new Command('tail')
  .description('Print the events of a workspace as they happen, one JSON object a line.')
  .option('--topics <list>', `comma-separated: ${FEED_TOPICS.join(', ')} (default: all)`)
  .option('--patterns <list>', 'comma-separated ids: of patterns only these (default: all)')
  .option('--since <cursor>', 'continue after this cursor (the "c" of a delta)')
  .option('--url <url>', 'address of the server (TELLTALE_URL; default http://127.0.0.1:3000)')
  .option('--key <key>', 'API key (TELLTALE_API_KEY)')
  .action(tail)
  .parse();
