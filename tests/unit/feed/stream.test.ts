import { afterEach, describe, expect, it, vi } from 'vitest';
import { Audiences } from '#lib/server/feed/audiences.ts';
import { FeedCounters } from '#lib/server/feed/counters.ts';
import { encodeEvent } from '#lib/server/feed/encode.ts';
import type { FeedReader } from '#lib/server/feed/reader.ts';
import { Ring } from '#lib/server/feed/ring.ts';
import { Segment } from '#lib/server/feed/segment.ts';
import { FeedStream } from '#lib/server/feed/stream.ts';
import type { StreamHost } from '#lib/server/feed/stream-host.ts';
import { FEED_TIMINGS } from '#lib/server/feed/timings.ts';

const topics = ['collections'];
const eventAt = (seq: number, workspaceId = 'w') =>
  encodeEvent('ep0ch', {
    seq,
    workspaceId,
    topic: 'collections',
    type: 'import.progressed',
    op: 'upsert',
    key: 'k',
    rev: 1,
    scope: 'workspace',
    payload: '{}',
    t: 0,
  });
const event = eventAt(1);

/** `events`: how many are kept; of one, two at once are more than there are. */
function begin(head = 0, events = 1) {
  const ring = new Ring(head, { events });
  const failures: unknown[] = [];
  const left: FeedStream[] = [];
  const unused = () => Promise.reject(new Error('not here'));
  const host: StreamHost = {
    reader: { ring, epoch: 'ep0ch', visible: head } as FeedReader,
    timings: FEED_TIMINGS,
    counters: new FeedCounters(),
    now: () => 0,
    random: () => 0.5,
    replay: unused,
    canReplay: () => Promise.resolve(false),
    snapshot: unused,
    review: unused,
    failed: (thrown) => failures.push(thrown),
    left: (stream) => left.push(stream),
  };
  const audiences = new Audiences(() => undefined);
  const filter = { workspaceId: 'w', topics, scopes: ['workspace'], patterns: null };
  const open = (from: number | null, afterReset = true) => {
    const stream = new FeedStream(host, {
      audience: audiences.join(filter, false),
      who: {
        workspaceId: 'w',
        actor: { type: 'system', id: null, name: 'test' },
        sessionRowId: null,
        permissions: new Set(),
      },
      owner: 'test',
      resume: from === null ? { kind: 'fresh', from: head } : { kind: 'ok', from },
      topics,
      snapshot: { atStart: [], afterReset },
    });
    return { stream, bytes: stream.body.getReader() };
  };
  return { ring, host, failures, left, open };
}

describe('a stream for which something goes wrong', () => {
  it('ends with the error, which is told of once', async () => {
    const { open, failures, left } = begin(5);
    const { stream, bytes } = open(2);
    await bytes.read();
    await expect(bytes.read()).rejects.toThrow('not here');
    expect(failures.map(String)).toEqual(['Error: not here']);
    expect(left).toEqual([stream]);
  });

  it('ends alone: the others who wait get what came', async () => {
    const { open, failures, left } = begin();
    const all = [open(null), open(null), open(null)] as const;
    for (const { bytes } of all) await bytes.read();
    const next = Promise.allSettled(all.map(({ bytes }) => bytes.read()));
    const sound = new Segment({ from: 0, to: 1, events: [event], compat: false });
    const torn = new Proxy(sound, {
      get(target, name) {
        if (name === 'bytes') throw new RangeError('no room');
        return Reflect.get(target, name, target) as unknown;
      },
    });
    for (const { stream } of all) stream.deliver(stream === all[1].stream ? torn : sound);
    expect((await next).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(failures.map(String)).toEqual(['RangeError: no room']);
    expect(left).toEqual([all[1].stream]);
  });
});

describe('a stream that resumes', () => {
  /** What it is told before it waits, of events of which the named ones are for it. */
  async function told(from: number, ...mine: number[]): Promise<string[]> {
    const { ring, host, open } = begin(0, 10);
    for (const seq of [1, 2, 3, 4]) ring.push(eventAt(seq, mine.includes(seq) ? 'w' : 'another'));
    Object.assign(host.reader, { visible: 4 });
    const { bytes } = open(from);
    const frames: string[] = [];
    // The stream that waits is asked for more than it has.
    for (let waits = false; !waits;) {
      const next = bytes.read();
      waits = await Promise.race([next.then(() => false), settled().then(() => true)]);
      if (!waits) frames.push(Buffer.from((await next).value ?? []).toString());
    }
    return [...frames.join('').matchAll(/^id: ep0ch-(\d+)\nevent: (\w+)/gm)].map(
      ([, seq, name]) => `${name} ${seq}`,
    );
  }
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

  it('says where it is once it has everything, where the last event was not for it', async () => {
    expect(await told(1)).toEqual(['hello 1', 'cursor 4']);
    expect(await told(1, 2, 3)).toEqual(['hello 1', 'delta 2', 'delta 3', 'cursor 4']);
  });

  it('says no more than its events where the last one was for it, or nothing was missed', async () => {
    expect(await told(1, 2, 4)).toEqual(['hello 1', 'delta 2', 'delta 4']);
    expect(await told(4, 2, 4)).toEqual(['hello 4']);
  });
});

describe('a stream that falls behind what is kept, again and again', () => {
  afterEach(() => vi.restoreAllMocks());

  /** Falls behind at these seconds, and reads; what it is told each time. */
  async function fallBehind(...seconds: number[]): Promise<{ told: string[]; left: number }> {
    const { ring, host, left, open } = begin();
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
    const { bytes } = open(null, false);
    const next = async () => /^event: (\w+)\ndata: .*"reason":"([a-z-]+)"/m.exec(text(await bytes.read()));
    await bytes.read();
    const told: string[] = [];
    for (const second of seconds) {
      clock.mockReturnValue(second * 1_000);
      for (let n = 0; n < 2; n += 1) ring.push({ ...event, seq: ring.head + 1 });
      Object.assign(host.reader, { visible: ring.head });
      const [, name, reason] = (await next()) ?? [];
      told.push(`${name} ${reason}`);
      if (name === 'reset') await bytes.read();
    }
    return { told, left: left.length };
  }
  const text = ({ value }: ReadableStreamReadResult<Uint8Array>) => Buffer.from(value ?? []).toString();

  it('is reset, and sent away the fourth time within a minute', async () => {
    expect(await fallBehind(1, 20, 40, 60.9)).toEqual({
      told: ['reset slow', 'reset slow', 'reset slow', 'goaway too-many'],
      left: 1,
    });
  });

  it('is reset for the fourth time when the first is a minute ago', async () => {
    const told = ['reset slow', 'reset slow', 'reset slow', 'reset slow'];
    expect(await fallBehind(1, 20, 40, 61)).toEqual({ told, left: 0 });
  });
});
