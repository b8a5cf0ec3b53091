import type { ErrorCode, Issue } from '#lib/contracts/problem.ts';

/** An error that a caller can do something about. Everything else is a fault of ours and gets an errorId. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly issues: readonly Issue[];
  /** For `RATE_LIMITED` and `UNAVAILABLE`: when to try again. */
  readonly retryAfterSeconds: number | null;

  constructor(
    code: ErrorCode,
    message: string,
    options: { issues?: readonly Issue[]; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.issues = options.issues ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }
}

export const notFound = (what: string) => new AppError('NOT_FOUND', `There is no such ${what}.`);
export const forbidden = (message: string) => new AppError('FORBIDDEN', message);
export const conflict = (message: string) => new AppError('CONFLICT', message);
export const badRequest = (message: string, issues: readonly Issue[] = []) =>
  new AppError('BAD_REQUEST', message, { issues });
export const invalid = (
  issues: readonly Issue[],
  message = 'Nothing was saved: some fields need attention.',
) => new AppError('VALIDATION', message, { issues });

/** The server cannot start; the message is for the person at the terminal. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
  readonly expose = true;
}

export function coerceError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
