import { setTimeout as delay } from 'node:timers/promises';
import type { Target } from './cli-target.ts';

/** The server said no, in words. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
}

const RETRIED = new Set([408, 409, 425, 429, 500, 502, 503, 504]);
const ATTEMPTS = 12;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 15_000;
const DEADLINE_MS = 60_000;

interface Call {
  method?: 'GET' | 'POST';
  body?: string;
  contentType?: string;
  /** Makes repeating a write harmless. */
  idempotencyKey?: string;
  /** Told before each pause. */
  onRetry?: (why: string, pauseMs: number) => void;
}

interface Answer {
  body: unknown;
  /** The server had answered this very request before this command sent it. */
  fromBefore: boolean;
}

/**
 * One request to the API, tried again with growing pauses while the server is away, busy or says so. Writes are
 * repeated with the same Idempotency-Key, so they happen once.
 * @throws ApiError
 */
export async function callApi(target: Target, path: string, call: Call = {}): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    let why: string;
    let retryAfterMs = 0;
    try {
      const response = await fetch(`${target.url}${path}`, {
        method: call.method ?? 'GET',
        headers: {
          authorization: `Bearer ${target.key}`,
          ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
          ...(call.idempotencyKey === undefined ? {} : { 'idempotency-key': call.idempotencyKey }),
        },
        ...(call.body === undefined ? {} : { body: call.body }),
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      if (response.ok) {
        const replayed = response.headers.get('idempotent-replayed') === 'true';
        return { body: await response.json(), fromBefore: replayed && attempt === 1 };
      }
      const problem = await problemOf(response);
      if (!RETRIED.has(response.status)) throw new ApiError(problem);
      why = problem;
      retryAfterMs = Number(response.headers.get('retry-after') ?? 0) * 1_000 || 0;
    } catch (thrown) {
      if (thrown instanceof ApiError) throw thrown;
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      why = error.cause instanceof Error ? error.cause.message : error.message;
    }
    if (attempt >= ATTEMPTS)
      throw new ApiError(`${target.url} did not answer after ${ATTEMPTS} attempts: ${why}`);
    const pauseMs = Math.max(
      retryAfterMs,
      Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2),
    );
    call.onRetry?.(why, pauseMs);
    await delay(pauseMs);
  }
}

/** The problem details of an answer, in a few lines. */
async function problemOf(response: Response): Promise<string> {
  const text = await response.text();
  const problem = parsed(text);
  if (typeof problem !== 'object' || problem === null) return `The server answered ${response.status}.`;
  const { title, detail, issues } = problem as {
    title?: string;
    detail?: string;
    issues?: { index?: number; path: string; message: string }[];
  };
  const lines = (issues ?? [])
    .slice(0, 20)
    .map(
      ({ index, path, message }) => `  ${index === undefined ? '' : `item ${index}, `}${path}: ${message}`,
    );
  return [`${response.status} ${title ?? ''}: ${detail ?? ''}`, ...lines].join('\n');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null;
    throw thrown;
  }
}
