import { randomUUID } from 'node:crypto';
import {
  error as kitError,
  fail,
  isHttpError,
  isRedirect,
  type ActionFailure,
  type RequestEvent,
} from '@sveltejs/kit';
import type { ErrorCode, Issue, Problem } from '#lib/contracts/problem.ts';
import { AppError, coerceError } from './errors.ts';
import { logger } from './logger.ts';

interface Mapping {
  status: number;
  title: string;
}

/** The one place where an error's code becomes an HTTP status. */
export function mappingOf(code: ErrorCode): Mapping {
  switch (code) {
    case 'BAD_REQUEST':
      return { status: 400, title: 'The request cannot be read' };
    case 'VALIDATION':
      return { status: 422, title: 'Invalid input' };
    case 'UNAUTHENTICATED':
      return { status: 401, title: 'Not authenticated' };
    case 'FORBIDDEN':
      return { status: 403, title: 'Not allowed' };
    case 'NOT_FOUND':
      return { status: 404, title: 'Not found' };
    case 'METHOD_NOT_ALLOWED':
      return { status: 405, title: 'Not possible here' };
    case 'CONFLICT':
      return { status: 409, title: 'Conflict' };
    case 'PRECONDITION_FAILED':
      return { status: 412, title: 'It has changed meanwhile' };
    case 'TOO_LARGE':
      return { status: 413, title: 'Too large' };
    case 'RATE_LIMITED':
      return { status: 429, title: 'Too many requests' };
    case 'UNAVAILABLE':
      return { status: 503, title: 'Not available now' };
  }
}

const typeOf = (code: string) => `urn:telltale:problem:${code.toLowerCase().replaceAll('_', '-')}`;

function answer(problem: Problem, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
  });
}

function appProblem(error: AppError): Response {
  const { status, title } = mappingOf(error.code);
  const headers: Record<string, string> = {};
  if (error.retryAfterSeconds !== null) headers['retry-after'] = String(error.retryAfterSeconds);
  if (status === 401) headers['www-authenticate'] = 'Bearer realm="telltale"';
  return answer(
    {
      type: typeOf(error.code),
      title,
      status,
      detail: error.message,
      code: error.code,
      ...(error.issues.length > 0 ? { issues: [...error.issues] } : {}),
    },
    headers,
  );
}

/** Codes of postgres.js, of sockets, and of a server that is stopping or starting. */
const DATABASE_AWAY =
  /^(CONNECTION_(CLOSED|ENDED|DESTROYED)|CONNECT_TIMEOUT|ECONNREFUSED|ECONNRESET|57P0[123]|08[0-9A-Z]{3})$/;
const RETRY_AFTER_S = 2;

/** Whether this, or what caused it (drizzle wraps what it throws), is a lost connection. */
export function isDatabaseAway(thrown: unknown): boolean {
  for (let at = thrown, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if ('code' in at && typeof at.code === 'string' && DATABASE_AWAY.test(at.code)) return true;
  }
  return false;
}

/** What a caller can do something about, which a database that is away is too; null for a fault of ours. */
function expectedError(thrown: unknown): AppError | null {
  if (thrown instanceof AppError) return thrown;
  if (!isDatabaseAway(thrown)) return null;
  logger.warn({ err: coerceError(thrown) }, 'the database cannot be reached');
  return new AppError('UNAVAILABLE', 'The database cannot be reached now. Try again in a moment.', {
    retryAfterSeconds: RETRY_AFTER_S,
    cause: thrown,
  });
}

/** Logs a fault of ours in full and returns the id under which it can be found. */
export function reportFault(error: unknown, requestId: string): string {
  const errorId = randomUUID();
  logger.error({ err: coerceError(error), errorId, requestId }, 'request failed');
  return errorId;
}

/**
 * Any thrown thing as problem details (RFC 9457). What we did not expect is logged under an errorId and answered
 * with nothing but that id.
 */
export function problemResponse(error: unknown, requestId: string): Response {
  const expected = expectedError(error);
  if (expected !== null) return appProblem(expected);
  if (isHttpError(error)) {
    const code = error.body.code ?? (error.status === 413 ? 'TOO_LARGE' : 'HTTP');
    return answer({ type: typeOf(code), title: error.body.message, status: error.status, code });
  }
  const errorId = reportFault(error, requestId);
  return answer({
    type: typeOf('internal'),
    title: 'Something went wrong on our side',
    status: 500,
    detail: `It was logged as ${errorId}.`,
    code: 'INTERNAL',
    errorId,
  });
}

/** Wraps a `+server.ts` handler so that every error leaves as problem details, or as `answer` says. */
export function apiHandler<E extends RequestEvent>(
  handle: (event: E) => Response | Promise<Response>,
  answer = (thrown: unknown, { requestId }: App.Locals): Response => problemResponse(thrown, requestId),
): (event: E) => Promise<Response> {
  return async (event) => {
    try {
      return await handle(event);
    } catch (thrown) {
      if (isRedirect(thrown)) throw thrown;
      return answer(thrown, event.locals);
    }
  };
}

/** What a form action gives back when it saved nothing. Never put a password or a token in `values`. */
export interface ActionProblem<V> {
  values: V;
  issues: Issue[];
  message: string;
}

/**
 * Turns an expected error into the failure of a form action; everything else is thrown again.
 * `values` are shown in the form again, so leave secrets out.
 */
export function actionFailure<V>(error: unknown, values: V): ActionFailure<ActionProblem<V>> {
  const expected = expectedError(error);
  if (expected === null) throw error;
  const { code, issues, message } = expected;
  return fail(mappingOf(code).status, { values, issues: [...issues], message });
}

/** Turns an expected error of a page's `load` into the error page with its status; everything else is thrown again. */
export function pageError(thrown: unknown): never {
  const expected = expectedError(thrown);
  if (expected === null) throw thrown;
  kitError(mappingOf(expected.code).status, { message: expected.message, code: expected.code });
}

/** What was wrong with input that a page answers in place; everything but invalid input is thrown again. */
export function inputProblem(thrown: unknown): { message: string; issues: Issue[] } {
  if (!(thrown instanceof AppError) || thrown.code !== 'VALIDATION') throw thrown;
  return { message: thrown.message, issues: [...thrown.issues] };
}
