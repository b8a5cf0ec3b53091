import { MAX_OUTCOMES_PER_REQUEST } from '#lib/contracts/outcome.ts';
import type { Issue } from '#lib/contracts/problem.ts';
import { MAX_API_BODY_BYTES } from '#lib/server/body-limits.ts';
import { discardBody } from '#lib/server/discard-body.ts';
import { AppError, badRequest } from '#lib/server/errors.ts';

const tooLarge = () =>
  new AppError('TOO_LARGE', 'At most 16 MB a request. Send the outcomes in parts, or import them as a file.');

async function readBytes(request: Request): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(parts, size);
    size += value.byteLength;
    if (size > MAX_API_BODY_BYTES) {
      await discardBody(reader);
      throw tooLarge();
    }
    parts.push(value);
  }
}

/** The body as text. @throws AppError TOO_LARGE, or BAD_REQUEST when it is not UTF-8 */
export async function readBody(request: Request): Promise<string> {
  const bytes = await readBytes(request);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (thrown) {
    if (thrown instanceof TypeError) throw badRequest('The body is not UTF-8.');
    throw thrown;
  }
}

function parseJson(text: string): { ok: true; value: unknown } | { ok: false; reason: string } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return { ok: false, reason: thrown.message };
    throw thrown;
  }
}

/** @throws AppError BAD_REQUEST */
export function parseJsonBody(text: string): unknown {
  if (text.trim() === '') throw badRequest('The body is empty. Send JSON.');
  const parsed = parseJson(text);
  if (parsed.ok) return parsed.value;
  throw badRequest(`The body is not JSON: ${parsed.reason}.`, [{ path: '', message: parsed.reason }]);
}

/** One JSON value a line; empty lines are skipped. @throws AppError BAD_REQUEST naming the lines */
function parseLines(text: string): unknown[] {
  const values: unknown[] = [];
  const issues: Issue[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    // Beyond the cap the rest is only counted: it is refused anyhow.
    const parsed =
      values.length > MAX_OUTCOMES_PER_REQUEST ? { ok: true as const, value: null } : parseJson(line);
    if (!parsed.ok && issues.length < 100)
      issues.push({ index: values.length, path: '', message: parsed.reason });
    values.push(parsed.ok ? parsed.value : null);
  }
  if (issues.length > 0) throw badRequest('Some lines are not JSON. Send one outcome a line.', issues);
  return values;
}

const NDJSON = /^application\/(x-)?(ndjson|jsonl|json-lines)\b|^application\/jsonlines\b/i;

/**
 * The outcomes of a body: one object, `{"outcomes": […]}`, or NDJSON by its content type. They are not checked yet.
 * @throws AppError BAD_REQUEST when it is not JSON, VALIDATION when it is something else
 */
export function outcomesOfBody(text: string, contentType: string | null): unknown[] {
  if (NDJSON.test(contentType ?? '')) return parseLines(text);
  const body = parseJsonBody(text);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    const message = 'Send one outcome as an object, or {"outcomes": […]}.';
    throw new AppError('VALIDATION', message, { issues: [{ path: '', message }] });
  }
  if (!('outcomes' in body)) return [body];
  const { outcomes } = body;
  // A body may have a million names; the first say enough.
  const issues: Issue[] = Object.keys(body)
    .filter((key) => key !== 'outcomes')
    .slice(0, 20)
    .map((key) => ({ path: key.slice(0, 200), message: 'Not known beside "outcomes".' }));
  if (!Array.isArray(outcomes)) issues.push({ path: 'outcomes', message: 'This is a list of outcomes.' });
  if (issues.length > 0 || !Array.isArray(outcomes)) {
    throw new AppError('VALIDATION', 'Nothing was saved: the body is not as it should be.', { issues });
  }
  return outcomes;
}
