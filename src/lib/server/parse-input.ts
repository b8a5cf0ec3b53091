import type { z } from 'zod';
import type { Issue } from '#lib/contracts/problem.ts';
import { invalid } from './errors.ts';

/** Problems of zod as our own: dots between the levels of a path. */
export function issuesOf(error: z.ZodError): Issue[] {
  return error.issues.map((issue) => ({ path: issue.path.map(String).join('.'), message: issue.message }));
}

/** The input, checked. @throws AppError VALIDATION with one issue for each problem */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw invalid(issuesOf(parsed.error));
}
