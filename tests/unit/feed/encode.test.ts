import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compatParts, controlFrame, encodeEvent, jsonOf } from '#lib/server/feed/encode.ts';
import type { SequencedEvent } from '#lib/server/event-log/index.ts';

const event = (value: unknown, more: Partial<SequencedEvent> = {}): SequencedEvent => ({
  seq: 17,
  workspaceId: 'w',
  topic: 'outcomes',
  type: 'outcome.recorded',
  op: 'upsert',
  key: 'k',
  rev: 3,
  scope: 'workspace',
  payload: JSON.stringify(value),
  t: 1_763_630_000_123,
  ...more,
});

/** What a reader gets that is fed the bytes in two parts. */
function parse(bytes: Buffer, cut: number) {
  const events: { event?: string | undefined; id?: string | undefined; data: string }[] = [];
  const parser = createParser({
    onEvent: (message) => events.push(message),
    onError: (error) => expect.fail(String(error)),
  });
  const decoder = new TextDecoder();
  for (const part of [bytes.subarray(0, cut), bytes.subarray(cut)])
    parser.feed(decoder.decode(part, { stream: true }));
  return events;
}

const nasty = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '\r',
      '\n',
      '\r\n',
      '\0',
      '\ufeff',
      '\u0085',
      '\u2028',
      '\u2029',
      '\u007f',
      '"',
      '\\',
      'data: ',
      '\nid: 9',
      '😀',
      '\u000b',
      '\u001c',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
});

describe('an encoded event', () => {
  it('comes back exactly from any text in it, wherever the bytes are cut', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), nasty, nasty, fc.nat(), (value, text, key, at) => {
        const whole = { value, text, [text]: key };
        const { frame } = encodeEvent('ep0ch', event(whole, { key }));
        const [message, ...rest] = parse(frame, at % (frame.length + 1));
        expect(rest).toEqual([]);
        expect(message).toMatchObject({ id: 'ep0ch-17', event: 'delta' });
        const delta: unknown = JSON.parse(message?.data ?? '');
        expect(delta).toEqual(
          JSON.parse(
            JSON.stringify({
              c: 'ep0ch-17',
              t: 1_763_630_000_123,
              topic: 'outcomes',
              type: 'outcome.recorded',
              op: 'upsert',
              key,
              rev: 3,
              value: whole,
            }),
          ),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('has one data line, line feeds only, and nothing that a careless reader takes for a line end', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const written = encodeEvent('ep0ch', event({ text }, { key: text })).frame.toString();
        expect(written.split('\n')).toHaveLength(5);
        const odd = [...written].filter(
          (c) =>
            (c < ' ' && c !== '\n') || (c >= '\u007f' && c <= '\u009f') || c === '\u2028' || c === '\u2029',
        );
        expect(odd).toEqual([]);
      }),
    );
  });

  it('differs under its old name in nothing but the name', () => {
    const encoded = encodeEvent('ep0ch', event({ a: 1 }));
    const plain = encoded.frame.toString();
    expect(Buffer.concat(compatParts(encoded)).toString()).toBe(
      plain.replace('event: delta', 'event: outcome_recorded'),
    );
    expect(jsonOf(encoded).toString()).toBe(plain.split('\n')[2]?.slice('data: '.length));
    const unnamed = encodeEvent('ep0ch', event({}, { type: 'import.progressed' }));
    expect(Buffer.concat(compatParts(unnamed))).toEqual(unnamed.frame);
  });

  it('of the protocol itself carries retry only together with data', () => {
    expect(controlFrame({ event: 'goaway', data: { reason: 'deploy' }, retry: 9 }).toString()).toBe(
      'retry: 9\nevent: goaway\ndata: {"reason":"deploy"}\n\n',
    );
    expect(controlFrame({ event: 'cursor', data: { c: 'a-1' }, id: 'a-1' }).toString()).toBe(
      'id: a-1\nevent: cursor\ndata: {"c":"a-1"}\n\n',
    );
  });
});
