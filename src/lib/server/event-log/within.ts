import { AppError } from '../errors.ts';

/** The work's result. @throws AppError UNAVAILABLE when it takes longer than `ms`; the work itself goes on */
export async function within<Result>(ms: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLate(ms)), ms);
    timer.unref();
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const tooLate = (ms: number) =>
  new AppError('UNAVAILABLE', `No answer within ${ms} ms. Try again in a moment.`, { retryAfterSeconds: 2 });
