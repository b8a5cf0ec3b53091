import type { z } from 'zod';
import { MAX_ATTRIBUTES } from '#lib/contracts/outcome.ts';
import type { Issue } from '#lib/contracts/problem.ts';
import { invalid } from './errors.ts';

/** More problems than this are not listed one by one. */
export const MAX_ISSUES = 200;
/** No input of ours has as many fields; so many names are not worth a look at each. */
const MAX_FIELDS = 64;
/** Names and values that a client chose are repeated in messages, whatever their length. */
const MAX_WORDS = 200;

const cut = (text: string): string => (text.length > MAX_WORDS ? `${text.slice(0, MAX_WORDS)}…` : text);

/** Problems of zod as our own, the first of them: dots between the levels of a path. */
export function issuesOf(error: z.ZodError): Issue[] {
  return error.issues
    .slice(0, MAX_ISSUES + 1)
    .map((issue) => ({ path: cut(issue.path.map(String).join('.')), message: cut(issue.message) }));
}

const isObject = (input: unknown): input is object =>
  typeof input === 'object' && input !== null && !Array.isArray(input);

/**
 * What is wrong with an object of very many names, or null. Asked before the schema, which would make a problem of
 * each name: a body of some megabytes would hold everybody up for seconds.
 */
export function tooManyNames(input: unknown): Issue | null {
  if (!isObject(input)) return null;
  const fields = Object.keys(input).length;
  if (fields > MAX_FIELDS) {
    return { path: '', message: `At most ${MAX_FIELDS} fields; this has ${fields}.` };
  }
  if (!('attributes' in input) || !isObject(input.attributes)) return null;
  const attributes = Object.keys(input.attributes).length;
  if (attributes <= MAX_ATTRIBUTES) return null;
  return {
    path: 'attributes',
    message: `At most ${MAX_ATTRIBUTES} attributes an outcome; this has ${attributes}.`,
  };
}

/** The input, checked. @throws AppError VALIDATION with one issue for each problem */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const tooMany = tooManyNames(input);
  if (tooMany !== null) throw invalid([tooMany]);
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw invalid(issuesOf(parsed.error).slice(0, MAX_ISSUES));
}
