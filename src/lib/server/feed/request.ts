import { FEED_TOPICS, SNAPSHOT_MODES, type FeedTopic } from '#lib/contracts/feed.ts';
import { MOST_CHOSEN_PATTERNS, PATTERN_ID } from '#lib/contracts/pattern.ts';
import type { Issue } from '#lib/contracts/problem.ts';
import type { FeedRequest } from '../app.ts';

const LONGEST_POLL_S = 25;

/** When a reader is told what there is. */
export interface SnapshotWish {
  /** Of these topics at the start. */
  atStart: readonly FeedTopic[];
  /** Of all its topics after a reset. */
  afterReset: boolean;
}

export interface FeedQuery {
  topics: readonly FeedTopic[];
  /** Ids of the chosen patterns, in order; null: all there are, or patterns are not asked for. */
  patterns: readonly string[] | null;
  /** Where to continue, as the client sent it; null: start at the head. */
  cursor: string | null;
  compat: boolean;
  snapshot: SnapshotWish;
  /** Polling only: how long to wait for an event when there is none. */
  waitMs: number;
}

const isTopic = (text: string): text is FeedTopic => (FEED_TOPICS as readonly string[]).includes(text);

/** The parameters of a feed request, or what is wrong with them. */
export function readFeedQuery({
  url,
  request,
}: Pick<FeedRequest, 'url' | 'request'>): FeedQuery | { issues: Issue[] } {
  const parameters = url.searchParams;
  const issues: Issue[] = [];
  const named = namesIn(parameters.getAll('topics'));
  const unknown = named.filter((topic) => !isTopic(topic));
  if (unknown.length > 0) {
    issues.push({
      path: 'topics',
      message: `No such topic: ${unknown.join(', ').slice(0, 200)}. There are ${FEED_TOPICS.join(', ')}.`,
    });
  }
  const chosen = [...new Set(namesIn(parameters.getAll('patterns')))].sort();
  const malformed = chosen.filter((id) => !PATTERN_ID.test(id));
  if (malformed.length > 0) {
    issues.push({
      path: 'patterns',
      message: `Not the id of a pattern: ${malformed.join(', ').slice(0, 200)}. Ids are those of /api/v1/patterns.`,
    });
  }
  if (chosen.length > MOST_CHOSEN_PATTERNS)
    issues.push({ path: 'patterns', message: `At most ${MOST_CHOSEN_PATTERNS} patterns.` });
  const waitText = parameters.get('wait');
  const wait = waitText === null || waitText === '' ? LONGEST_POLL_S : Number(waitText);
  if (!(wait >= 0)) issues.push({ path: 'wait', message: `Seconds from 0 to ${LONGEST_POLL_S}.` });
  const topics = named.length === 0 ? FEED_TOPICS : [...new Set(named.filter(isTopic))];
  const snapshot = wishOf(parameters.getAll('snapshot'), topics);
  if (snapshot === null) {
    issues.push({ path: 'snapshot', message: `One of ${SNAPSHOT_MODES.join(', ')}, or some of the topics.` });
    return { issues };
  }
  if (issues.length > 0) return { issues };
  return {
    topics,
    patterns: chosen.length === 0 || !topics.includes('patterns') ? null : chosen,
    cursor: cursorOf(url, request.headers),
    compat: parameters.get('compat') === '1',
    snapshot,
    waitMs: Math.min(wait, LONGEST_POLL_S) * 1_000,
  };
}

const namesIn = (lists: readonly string[]): string[] =>
  lists
    .flatMap((list) => list.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** Null when it is neither a way nor topics that are asked for. */
function wishOf(lists: readonly string[], topics: readonly FeedTopic[]): SnapshotWish | null {
  const [first = 'auto', ...more] = namesIn(lists);
  if (more.length === 0 && (SNAPSHOT_MODES as readonly string[]).includes(first))
    return { atStart: first === 'always' ? topics : [], afterReset: first !== 'never' };
  const named = new Set([first, ...more]);
  const atStart = topics.filter((topic) => named.has(topic));
  return atStart.length === named.size ? { atStart, afterReset: true } : null;
}

/** The header wins: on an automatic reconnect the address still carries the old `since`. */
function cursorOf(url: URL, headers: Headers): string | null {
  const candidates = [
    headers.get('last-event-id'),
    url.searchParams.get('since'),
    url.searchParams.get('last_event_id'),
    url.searchParams.get('lastEventId'),
  ];
  return candidates.find((candidate) => candidate !== null && candidate !== '') ?? null;
}
