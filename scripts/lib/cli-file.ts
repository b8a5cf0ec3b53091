import { createHash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { decodeText, encodingDetector, type TextEncoding } from '#domain/imports/text-encoding.ts';
import { unpackBytes } from '#lib/server/services/imports/unpack-bytes.ts';
import { UsageError } from './cli-target.ts';

/** A file of text, perhaps packed, that can be read from the start as often as needed without being held. */
export interface TextFile {
  path: string;
  /** SHA-256 of the unpacked bytes. */
  digest: string;
  encoding: TextEncoding;
  pieces(): AsyncGenerator<string, void, undefined>;
}

const READ_BYTES = 256 * 1024;

const bytesOf = (path: string) => unpackBytes(createReadStream(path, { highWaterMark: READ_BYTES }));

/** @throws UsageError when there is no such file */
export async function openTextFile(path: string): Promise<TextFile> {
  if (!existsSync(path) || !statSync(path).isFile()) throw new UsageError(`There is no file ${path}.`);
  const hash = createHash('sha256');
  const detector = encodingDetector();
  for await (const bytes of bytesOf(path)) {
    hash.update(bytes);
    detector.push(bytes);
  }
  const encoding = detector.finish();
  return { path, digest: hash.digest('hex'), encoding, pieces: () => decodeText(bytesOf(path), encoding) };
}

/** The lines of a text with their numbers, from 1. */
export async function* linesOf(
  pieces: AsyncIterable<string>,
): AsyncGenerator<{ line: number; text: string }[], void, undefined> {
  let rest = '';
  let line = 0;
  for await (const piece of pieces) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    yield lines.map((text) => ({ line: ++line, text }));
  }
  if (rest !== '') yield [{ line: ++line, text: rest }];
}
