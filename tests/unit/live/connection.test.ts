import { describe, expect, it } from 'vitest';
import {
  afterEvent,
  initialConnection,
  stateOf,
  type Connection,
  type ConnectionEvent,
  type Phase,
} from '#lib/live/connection.ts';

const at = { now: 10_000, random: 1 };
const from = (phase: Phase, more: Partial<Connection> = {}): Connection => ({
  ...initialConnection,
  phase,
  ...more,
});
const off: Phase = { kind: 'off', problem: null };
const opening: Phase = { kind: 'opening' };
const streaming: Phase = { kind: 'streaming', since: 9_000 };
const waiting: Phase = { kind: 'waiting', until: 11_000 };
const asking: Phase = { kind: 'asking', since: 9_900, waitMs: 0 };
const phases = { off, opening, streaming, waiting, asking };
const run = (connection: Connection, ...events: ConnectionEvent[]) =>
  events.reduce((before, event) => afterEvent(before, event, at), connection);

type Row = Record<keyof typeof phases, Phase['kind'] | '–'>;
/** The table of SPEC.md; – : nothing changes, not even the phase object. */
const TABLE: [ConnectionEvent, Row][] = [
  [
    { type: 'start' },
    { off: 'opening', opening: 'opening', streaming: 'opening', waiting: 'opening', asking: 'opening' },
  ],
  [{ type: 'stop' }, { off: 'off', opening: 'off', streaming: 'off', waiting: 'off', asking: 'off' }],
  [
    { type: 'hello', behind: false },
    { off: '–', opening: 'streaming', streaming: '–', waiting: '–', asking: '–' },
  ],
  [{ type: 'behind' }, { off: '–', opening: '–', streaming: '–', waiting: '–', asking: '–' }],
  [{ type: 'caught-up' }, { off: '–', opening: '–', streaming: '–', waiting: '–', asking: '–' }],
  [{ type: 'beat' }, { off: '–', opening: '–', streaming: '–', waiting: '–', asking: '–' }],
  [
    { type: 'lost', how: 'network' },
    { off: '–', opening: 'waiting', streaming: 'waiting', waiting: '–', asking: '–' },
  ],
  [
    { type: 'lost', how: 'mute' },
    { off: '–', opening: 'waiting', streaming: 'waiting', waiting: '–', asking: '–' },
  ],
  [
    { type: 'goaway', reason: 'deploy', afterMs: 500 },
    { off: '–', opening: 'waiting', streaming: 'waiting', waiting: '–', asking: '–' },
  ],
  [
    { type: 'goaway', reason: 'off', afterMs: 500 },
    { off: '–', opening: 'asking', streaming: 'asking', waiting: '–', asking: '–' },
  ],
  [
    { type: 'refused', problem: 'forbidden' },
    { off: '–', opening: 'off', streaming: 'off', waiting: 'off', asking: 'off' },
  ],
  [
    { type: 'answered', streaming: true, more: false },
    { off: '–', opening: '–', streaming: '–', waiting: '–', asking: 'waiting' },
  ],
  [
    { type: 'answered', streaming: true, more: true },
    { off: '–', opening: '–', streaming: '–', waiting: '–', asking: 'asking' },
  ],
  [{ type: 'poll-failed' }, { off: '–', opening: '–', streaming: '–', waiting: '–', asking: 'waiting' }],
  [{ type: 'woke' }, { off: '–', opening: '–', streaming: '–', waiting: 'opening', asking: '–' }],
  [{ type: 'try-now' }, { off: '–', opening: '–', streaming: '–', waiting: 'opening', asking: '–' }],
  [
    { type: 'slept' },
    { off: '–', opening: 'opening', streaming: 'opening', waiting: 'opening', asking: 'opening' },
  ],
  [
    { type: 'offline' },
    { off: '–', opening: 'waiting', streaming: 'waiting', waiting: '–', asking: 'waiting' },
  ],
];

describe('every event in every phase', () => {
  for (const [event, row] of TABLE) {
    for (const [name, phase] of Object.entries(phases)) {
      const expected = row[name as keyof typeof phases];
      it(`${JSON.stringify(event)} while ${name}: ${expected}`, () => {
        const before = Object.freeze(from(phase));
        const after = run(before, event);
        if (expected === '–') expect(after.phase).toBe(phase);
        else {
          expect(after.phase.kind).toBe(expected);
          expect(after.phase).not.toBe(phase);
        }
      });
    }
  }
});

describe('streams that fail', () => {
  it('are tried three times fast, then polls stand in and keep trying', () => {
    let connection = from(opening);
    const waits: unknown[] = [];
    for (let i = 0; i < 4; i += 1) {
      connection = run(connection, { type: 'lost', how: 'network' });
      waits.push(connection.phase.kind === 'waiting' ? connection.phase.until - at.now : connection.polling);
      if (connection.phase.kind === 'waiting') connection = run(connection, { type: 'woke' });
    }
    expect(waits).toEqual([250, 750, 1_500, 'network']);
    expect(connection).toMatchObject({ phase: { kind: 'asking', waitMs: 0 }, probeAt: at.now + 5_000 });
  });

  it('count anew after one that lived, and go on counting after one that was cut at once', () => {
    const old = from({ kind: 'streaming', since: at.now - 5_000 }, { failures: 3 });
    expect(run(old, { type: 'lost', how: 'network' }).phase).toEqual({
      kind: 'waiting',
      until: at.now + 250,
    });
    const young = from({ kind: 'streaming', since: at.now - 4_999 }, { failures: 3 });
    expect(run(young, { type: 'lost', how: 'network' }).polling).toBe('network');
  });

  it('lead to polling for long when three in a row were mute; a hello alone does not end the count', () => {
    const mute = { type: 'lost', how: 'mute' } as const;
    const woke = { type: 'woke' } as const;
    const twice = run(from(opening), mute, woke, mute, woke, { type: 'hello', behind: false });
    expect(twice).toMatchObject({ mutes: 2, phase: { kind: 'streaming' } });
    expect(run(twice, mute)).toMatchObject({ polling: 'mute', probeAt: at.now + 300_000 });
    const beatAt = (now: number) => afterEvent(twice, { type: 'beat' }, { ...at, now });
    expect(run(beatAt(at.now + 5_000), mute)).toMatchObject({ mutes: 1, polling: null });
    expect(run(beatAt(at.now + 4_999), mute)).toMatchObject({ polling: 'mute' });
    expect(run(twice, { type: 'goaway', reason: 'max-age', afterMs: 200 }).mutes).toBe(0);
  });

  it('wait as long as the server asked for', () => {
    const told = run(from(opening), { type: 'lost', how: 'network', afterMs: 7_000 });
    expect(told.phase).toEqual({ kind: 'waiting', until: at.now + 7_000 });
  });
});

describe('polling', () => {
  const polling = (more: Partial<Connection> = {}) =>
    from(asking, { polling: 'mute', probeAt: at.now + 300_000, ...more });
  const answered = { type: 'answered', streaming: true, more: false } as const;

  it('asks every 5 s from start to start, and waits at the server where that works', () => {
    const waits = run(polling(), answered);
    expect(waits.phase).toEqual({ kind: 'waiting', until: 14_900 });
    expect(run(waits, { type: 'woke' }).phase).toMatchObject({ kind: 'asking', waitMs: 4_000 });
    const cut = run(waits, { type: 'woke' }, { type: 'poll-failed' }, { type: 'woke' });
    expect(cut.phase).toMatchObject({ kind: 'asking', waitMs: 0 });
  });

  it('tries the stream when it is due, and at once when polls arrive again', () => {
    const due = from(waiting, { polling: 'network', probeAt: at.now });
    expect(run(due, { type: 'woke' }).phase.kind).toBe('opening');
    expect(run(polling({ pollsArrive: false }), answered).phase.kind).toBe('opening');
    expect(run(polling({ pollsArrive: true }), answered).phase.kind).toBe('waiting');
  });

  it('does not wait 5 minutes for a stream when polls fail as well', () => {
    const failed = run(polling({ pollsArrive: true }), { type: 'poll-failed' });
    expect(failed).toMatchObject({ polling: 'network', pollsArrive: false, probeAt: at.now + 5_000 });
  });

  it('goes on after a stream that was tried in vain, each time later', () => {
    const tried = from(opening, { polling: 'network', pollsArrive: true, probes: 1 });
    const after = run(tried, { type: 'lost', how: 'network' });
    expect(after).toMatchObject({ phase: { kind: 'asking' }, probes: 2, probeAt: at.now + 20_000 });
    expect(stateOf(after, true)).toBe('polling');
  });

  it('goes on after a stream that was turned away, until the time that was named', () => {
    const tried = from(opening, { polling: 'off', pollsArrive: true, probes: 1 });
    const after = run(tried, { type: 'goaway', reason: 'unavailable', afterMs: 4_000 });
    expect(after).toMatchObject({ phase: { kind: 'asking' }, polling: 'off', probeAt: at.now + 4_000 });
    expect(stateOf(run(after, { type: 'poll-failed' }), true)).toBe('reconnecting');
  });

  it('after "off" holds nothing open at the server and streams again when told that it may', () => {
    const off = run(from(streaming), { type: 'goaway', reason: 'off', afterMs: 60_000 });
    expect(off).toMatchObject({ polling: 'off', longPolls: false, probeAt: at.now + 60_000 });
    const still = run(off, { type: 'answered', streaming: false, more: false });
    expect(run(still, { type: 'woke' }).phase).toMatchObject({ kind: 'asking', waitMs: 0 });
    expect(run(off, answered).phase.kind).toBe('opening');
  });

  it('ends with a hello', () => {
    const after = run(from(opening, { polling: 'mute', pollsArrive: true }), { type: 'hello', behind: true });
    expect([after.polling, stateOf(after, true)]).toEqual([null, 'catching-up']);
  });
});

describe('a stream that the server exchanges for a new one', () => {
  const live = from(streaming, { caughtUp: true, wasConnected: true });
  const goaway = (reason: string, afterMs: number) => ({ type: 'goaway', reason, afterMs }) as const;
  const woke = { type: 'woke' } as const;

  it('is as it was until the new one says hello', () => {
    for (const reason of ['max-age', 'deploy']) {
      const waits = run(live, goaway(reason, 1_200));
      expect([stateOf(waits, true), stateOf(run(waits, woke), true)]).toEqual(['live', 'live']);
      const renewed = run(waits, woke, { type: 'hello', behind: true });
      expect(stateOf(renewed, true)).toBe('catching-up');
    }
    const behind = run(from(streaming, { wasConnected: true }), goaway('max-age', 1_200), woke);
    expect(stateOf(behind, true)).toBe('catching-up');
  });

  it('is lost when the new one fails, the network goes, or the wait is long', () => {
    const waits = run(live, goaway('max-age', 1_200));
    const lost = [
      run(waits, woke, { type: 'lost', how: 'network' }),
      run(waits, woke, { type: 'lost', how: 'mute' }),
      run(waits, { type: 'offline' }),
      run(waits, woke, { type: 'offline' }),
      run(waits, { type: 'slept' }),
      run(waits, woke, goaway('deploy', 500)),
      run(live, goaway('deploy', 2_001)),
      run(live, goaway('too-many', 500)),
    ];
    for (const connection of lost) expect(stateOf(connection, true)).toBe('reconnecting');
  });
});

describe('what people are told', () => {
  it('is connecting only for the very first attempt', () => {
    expect(stateOf(from(opening), true)).toBe('connecting');
    expect(stateOf(from(opening, { failures: 1 }), true)).toBe('reconnecting');
    expect(stateOf(from(opening, { wasConnected: true }), false)).toBe('offline');
  });

  it('is polling only while polls arrive', () => {
    expect(stateOf(from(asking, { polling: 'mute', pollsArrive: null }), true)).toBe('reconnecting');
    expect(stateOf(from(asking, { polling: 'mute', pollsArrive: true }), true)).toBe('polling');
    const gone = run(from(waiting, { polling: 'mute', pollsArrive: true }), { type: 'offline' });
    expect(stateOf(gone, false)).toBe('offline');
  });

  it('is live once everything has come, and off with the reason when refused', () => {
    expect(stateOf(from(streaming, { caughtUp: true }), true)).toBe('live');
    expect(stateOf(run(from(streaming, { caughtUp: true }), { type: 'behind' }), true)).toBe('catching-up');
    const refused = run(from(opening), { type: 'refused', problem: 'unauthenticated' });
    expect(refused.phase).toEqual({ kind: 'off', problem: 'unauthenticated' });
    expect(stateOf(refused, true)).toBe('off');
  });
});
