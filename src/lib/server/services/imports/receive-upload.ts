import { Readable } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import busboy from 'busboy';
import type { ImportView } from '#lib/contracts/feed.ts';
import { requirePermission, type Context } from '../../context.ts';
import { AppError, coerceError, invalid } from '../../errors.ts';
import { storeUpload } from './store-upload.ts';

const noFile = () => invalid([{ path: 'file', message: 'Choose a CSV file.' }], 'Choose a CSV file.');

/**
 * Reads a multipart form with one file named `file` as it arrives and stores it.
 * @throws AppError as `storeUpload` does; VALIDATION when there is no file or it does not arrive whole
 */
export async function receiveUpload(ctx: Context, request: Request): Promise<ImportView> {
  requirePermission(ctx, 'record');
  const contentType = request.headers.get('content-type') ?? '';
  if (request.body === null || !contentType.startsWith('multipart/form-data')) throw noFile();

  const body = Readable.fromWeb(request.body as unknown as NodeReadableStream<Uint8Array>);
  const form = busboy({
    headers: { 'content-type': contentType },
    limits: { files: 1, fields: 20 },
    defParamCharset: 'utf8',
  });
  let storing: Promise<ImportView> | null = null;
  form.on('file', (name, bytes, { filename }) => {
    // A form that is sent without choosing a file has a nameless empty one.
    if (name !== 'file' || filename === undefined || filename === '' || storing !== null) {
      bytes.resume();
      return;
    }
    storing = storeUpload(ctx, { fileName: filename, bytes: bytes as AsyncIterable<Uint8Array> });
    // What is left must be read, or the browser sees a broken connection instead of the reason.
    storing.catch(() => bytes.resume());
  });
  try {
    await new Promise<void>((resolve, reject) => {
      form.on('close', resolve);
      form.on('error', reject);
      body.on('error', reject);
      body.pipe(form);
    });
  } catch (thrown) {
    form.destroy();
    await settled(storing);
    if (thrown instanceof AppError) throw thrown;
    throw invalid([
      {
        path: 'file',
        message: `The file did not arrive whole (${coerceError(thrown).message}). Send it again.`,
      },
    ]);
  }
  if (storing === null) throw noFile();
  return storing;
}

/** Waits for the end, whichever it is: its failure follows from the one that is being told. */
async function settled(work: Promise<unknown> | null): Promise<void> {
  if (work !== null) await Promise.allSettled([work]);
}
