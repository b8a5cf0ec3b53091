import { Readable, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** The bytes, unpacked when they are a gzip file. Throws what zlib throws for a broken one. */
export async function* unpackBytes(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const source = bytes[Symbol.asyncIterator]();
  const first = await source.next();
  if (first.done === true) return;
  let head = Buffer.from(first.value);
  // Two bytes tell gzip from text, and a first piece may be shorter.
  while (head.length < 2) {
    const next = await source.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  const whole = rejoin(head, source);
  if (head[0] !== 0x1f || head[1] !== 0x8b) {
    yield* whole;
    return;
  }
  const gunzip = createGunzip();
  // A failure of the source or of zlib destroys `gunzip`, and reading it throws.
  pipeline(Readable.from(whole, { objectMode: false }), gunzip, () => undefined);
  for await (const piece of gunzip as AsyncIterable<Buffer>) yield piece;
}

async function* rejoin(
  head: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield head;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}
