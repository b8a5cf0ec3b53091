export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] as const;
export type TextEncoding = (typeof ENCODINGS)[number];

export interface EncodingDetector {
  push(bytes: Uint8Array): void;
  /** UTF-16 by its mark, UTF-8 when every byte of the file agrees with it, Windows-1252 otherwise. */
  finish(): TextEncoding;
}

/** Finds out how a file is encoded while its bytes go by. */
export function encodingDetector(): EncodingDetector {
  const strict = new TextDecoder('utf-8', { fatal: true });
  let head: number[] = [];
  let isUtf8 = true;
  const decode = (bytes: Uint8Array | null) => {
    if (!isUtf8) return;
    try {
      if (bytes === null) strict.decode();
      else strict.decode(bytes, { stream: true });
    } catch (thrown) {
      if (!(thrown instanceof TypeError)) throw thrown;
      isUtf8 = false;
    }
  };
  return {
    push(bytes) {
      if (head.length < 2) head = [...head, ...bytes.subarray(0, 2)].slice(0, 2);
      decode(bytes);
    },
    finish() {
      decode(null);
      if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
      if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
      return isUtf8 ? 'utf-8' : 'windows-1252';
    },
  };
}

/** Bytes as text, piece by piece, without the byte order mark. */
export async function* decodeText(
  pieces: AsyncIterable<Uint8Array>,
  encoding: TextEncoding,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder(encoding);
  for await (const bytes of pieces) {
    const text = decoder.decode(bytes, { stream: true });
    if (text !== '') yield text;
  }
  const last = decoder.decode();
  if (last !== '') yield last;
}
