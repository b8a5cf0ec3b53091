import { MAX_API_BODY_BYTES, MAX_FORM_BYTES } from './body-limits.ts';
import { discardBody } from './discard-body.ts';
import { AppError } from './errors.ts';

const MEGABYTE = 1024 * 1024;
/** The one form that carries a file. It is stored as it arrives and bounds itself. */
const UPLOAD = /^\/w\/[^/]+\/outcomes\/import\/?$/;

const tooLarge = (limit: number) =>
  new AppError('TOO_LARGE', `This request is too large: at most ${limit / MEGABYTE} MB are taken here.`);

/**
 * Bounds the body of a request before anything reads it, which the server's own limit (as large as an import) does
 * not. Bodies of unknown length: a form's is read here, one byte beyond the limit at most; `/api/` bounds its own
 * while reading, after it knows who asks.
 * @returns the request to go on with
 * @throws AppError TOO_LARGE, when the body has been read and forgotten
 */
export async function boundBody(request: Request, pathname: string): Promise<Request> {
  if (request.body === null || (request.method === 'POST' && UPLOAD.test(pathname))) return request;
  const ofApi = pathname.startsWith('/api/');
  const limit = ofApi ? MAX_API_BODY_BYTES : MAX_FORM_BYTES;
  const length = request.headers.get('content-length');
  if (length !== null && !request.headers.has('transfer-encoding')) {
    if (Number(length) <= limit) return request;
    await discardBody(request.body.getReader());
    throw tooLarge(limit);
  }
  if (ofApi) return request;
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    size += next.value.byteLength;
    if (size > limit) {
      await discardBody(reader);
      throw tooLarge(limit);
    }
    parts.push(next.value);
  }
  const { method, headers, signal } = request;
  return new Request(request.url, { method, headers, signal, body: Buffer.concat(parts, size) });
}
