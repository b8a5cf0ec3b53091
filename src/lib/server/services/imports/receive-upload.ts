import type { Readable } from 'node:stream';
import busboy from 'busboy';
import type { ImportView } from '#lib/contracts/feed.ts';
import { requirePermission, type Context } from '../../context.ts';
import { discardBody } from '../../discard-body.ts';
import { AppError, coerceError, invalid } from '../../errors.ts';
import { storeUpload } from './store-upload.ts';

const noFile = () => invalid([{ path: 'file', message: 'Choose a CSV file.' }], 'Choose a CSV file.');
const notWhole = (reason: unknown) =>
  invalid([
    {
      path: 'file',
      message: `The file did not arrive whole (${coerceError(reason).message}). Send it again.`,
    },
  ]);
const stopping = () =>
  new AppError('UNAVAILABLE', 'The server is restarting. Send the file again in a moment.');

/**
 * Reads a multipart form with one file named `file` as it arrives and stores it. An upload that is refused midway is
 * read to its end (within bounds) before the refusal is thrown, or the browser sees a broken connection instead.
 * @param limits the largest file, unpacked; what an import takes when it is not given
 * @throws AppError as `storeUpload` does; VALIDATION when there is no file or it does not arrive whole; UNAVAILABLE
 *   when the server stops meanwhile
 */
export async function receiveUpload(
  ctx: Context,
  request: Request,
  limits: { maxBytes?: number } = {},
): Promise<ImportView> {
  requirePermission(ctx, 'record');
  const contentType = request.headers.get('content-type') ?? '';
  if (request.body === null || !contentType.startsWith('multipart/form-data')) throw noFile();
  const form = openForm(contentType);
  const body: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  const { draining } = ctx.app;

  let storing: Promise<ImportView> | null = null;
  let endDrain: () => void = () => undefined;
  const stored = new Promise<ImportView>((resolve, reject) => {
    form.on('file', (name, bytes, { filename }) => {
      // A form that is sent without choosing a file has a nameless empty one.
      if (name !== 'file' || filename === undefined || filename === '' || storing !== null) {
        bytes.resume();
        return;
      }
      // Destroying the form fails a file that nobody reads any more; the failure that led there is being told.
      bytes.on('error', () => undefined);
      storing = storeUpload(ctx, {
        fileName: filename,
        bytes: bytes as AsyncIterable<Uint8Array>,
        ...limits,
      });
      storing.then(resolve, reject);
    });
    form.on('close', () => {
      if (storing === null) reject(noFile());
    });
    form.on('error', (thrown) => reject(notWhole(thrown)));
    endDrain = () => reject(stopping());
    draining.addEventListener('abort', endDrain);
    if (draining.aborted) endDrain();
    feed(body, form).catch((thrown: unknown) => reject(notWhole(thrown)));
  });
  try {
    return await stored;
  } finally {
    draining.removeEventListener('abort', endDrain);
    // Stops feeding, and ends the storing of a form that failed.
    form.destroy();
    if (storing !== null) await Promise.allSettled([storing]);
    // A server that stops has no time for the rest.
    await discardBody(body, draining.aborted ? { bytes: 0, ms: 0 } : undefined);
  }
}

/** @throws AppError VALIDATION for a type that names no boundary */
function openForm(contentType: string): busboy.Busboy {
  try {
    return busboy({
      headers: { 'content-type': contentType },
      limits: { files: 1, fields: 20 },
      defParamCharset: 'utf8',
    });
  } catch (thrown) {
    throw invalid([{ path: 'file', message: `This form cannot be read (${coerceError(thrown).message}).` }]);
  }
}

/** Hands the body on as fast as the form takes it, until its end or the form's. */
async function feed(
  body: ReadableStreamDefaultReader<Uint8Array>,
  form: NodeJS.WritableStream & Pick<Readable, 'destroyed'>,
): Promise<void> {
  while (!form.destroyed) {
    const { done, value } = await body.read();
    if (form.destroyed) return;
    if (done) {
      form.end();
      return;
    }
    if (!form.write(value)) await drained(form);
  }
}

function drained(form: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      form.off('drain', go);
      form.off('close', go);
      resolve();
    };
    form.on('drain', go);
    form.on('close', go);
  });
}
