import { encodeEvent } from '#lib/server/feed/encode.ts';
import { TEXTS, type Message } from './vectors.ts';

const EPOCH = 'abcd1234';

/** Each text as our encoder puts it on the wire: as a key, as a name within the value, and as the value. */
export const encodedTexts = (): Buffer[] =>
  TEXTS.map(
    ({ text }, n) =>
      encodeEvent(EPOCH, {
        seq: n + 1,
        workspaceId: 'w',
        topic: 'outcomes',
        type: 'outcome.recorded',
        op: 'upsert',
        key: text,
        rev: n,
        scope: 'workspace',
        payload: JSON.stringify({ text, named: { [text]: 1 } }),
        t: 1_763_630_000_123,
      }).frame,
  );

/** The texts that a client read out of them. @throws when name, id or any of the three places is not as it was */
export function textsIn(messages: readonly Message[]): string[] {
  return messages.map(({ event, data, id }, n) => {
    const delta = JSON.parse(data) as {
      c: string;
      key: string;
      value: { text: string; named: Record<string, 1> };
    };
    const { text, named } = delta.value;
    const same = text === delta.key && text === Object.keys(named)[0];
    const placed = event === 'delta' && id === `${EPOCH}-${n + 1}` && delta.c === id;
    if (!same || !placed)
      throw new Error(`Not as it was: ${JSON.stringify({ event, id, data }).slice(0, 500)}`);
    return text;
  });
}
