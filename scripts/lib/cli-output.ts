import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { rename, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

export interface Output {
  write(text: string): Promise<void>;
  /** Only now does a file get its name: one that is there is whole. */
  end(): Promise<void>;
  discard(): Promise<void>;
}

/** stdout, or a file (packed when its name ends in .gz). */
export function openOutput(path: string | undefined): Output {
  if (path === undefined) {
    return {
      write: (text) => written(process.stdout, text),
      end: () => Promise.resolve(),
      discard: () => Promise.resolve(),
    };
  }
  const draft = `${path}.part`;
  const file = createWriteStream(draft);
  const gzip = path.endsWith('.gz') ? createGzip() : null;
  if (gzip !== null) gzip.pipe(file);
  const target: Writable = gzip ?? file;
  const done = finished(file);
  // Heard by whoever writes or ends.
  done.catch(() => undefined);
  return {
    write: (text) => Promise.race([written(target, text), done]),
    async end() {
      target.end();
      await done;
      await rename(draft, path);
    },
    async discard() {
      target.destroy();
      file.destroy();
      await rm(draft, { force: true });
    },
  };
}

async function written(stream: Writable, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, 'drain');
}
