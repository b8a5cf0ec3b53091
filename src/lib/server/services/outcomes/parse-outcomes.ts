import { fromFixedPoint, toFixedPoint } from '#domain/outcomes/fixed-point.ts';
import {
  MAX_OUTCOMES_PER_REQUEST,
  outcomeInputSchema,
  type AttributeValue,
  type OutcomeInput,
} from '#lib/contracts/outcome.ts';
import type { Issue } from '#lib/contracts/problem.ts';
import { invalid } from '../../errors.ts';
import { issuesOf, MAX_ISSUES, tooManyNames } from '../../parse-input.ts';

const DAY_MS = 86_400_000;

/** One outcome, checked and in the form in which it is kept: nothing missing is spelled as something. */
export interface OutcomeFacts {
  /** Its place in the request. */
  index: number;
  externalId: string | null;
  subject: string;
  variant: string | null;
  journeyId: string | null;
  result: OutcomeInput['result'];
  /** A multiple of 0.0001. */
  value: number | null;
  attributes: Record<string, AttributeValue>;
  note: string | null;
  /** Milliseconds since 1970; null: the time of recording. */
  occurredAtMs: number | null;
}

/** Attributes without the missing ones: null, "" and absent are the same. */
export function presentAttributes(
  attributes: Readonly<Record<string, AttributeValue | null>>,
): Record<string, AttributeValue> {
  const present: Record<string, AttributeValue> = {};
  for (const key of Object.keys(attributes)) {
    const value = attributes[key];
    if (value === null || value === undefined || value === '') continue;
    present[key] = Object.is(value, -0) ? 0 : value;
  }
  return present;
}

/** In steps of 0.0001, as the log keeps it. */
export const roundValue = (value: number): number => fromFixedPoint(toFixedPoint(value));

export const emptyToNull = (text: string | null | undefined): string | null =>
  text === undefined || text === '' ? null : text;

/** Why this time cannot be, or null. One day of tolerance for clocks and zones. */
export function futureProblem(occurredAtMs: number, nowMs: number): string | null {
  if (occurredAtMs <= nowMs + DAY_MS) return null;
  return 'This is more than a day in the future; an outcome has happened. Check the date and its zone.';
}

function toFacts(input: OutcomeInput, index: number): OutcomeFacts {
  return {
    index,
    externalId: input.externalId ?? null,
    subject: input.subject,
    variant: input.variant ?? null,
    journeyId: input.journeyId?.toLowerCase() ?? null,
    result: input.result,
    value: input.value === null || input.value === undefined ? null : roundValue(input.value),
    attributes: presentAttributes(input.attributes),
    note: emptyToNull(input.note),
    occurredAtMs: input.occurredAt ? Date.parse(input.occurredAt) : null,
  };
}

/** zod leaves `__proto__` out in silence; a name that vanishes is worse than one that is refused. */
function hasForbiddenKey(input: unknown): boolean {
  if (typeof input !== 'object' || input === null || !('attributes' in input)) return false;
  const { attributes } = input;
  return typeof attributes === 'object' && attributes !== null && Object.hasOwn(attributes, '__proto__');
}

function issuesOfOne(
  input: unknown,
  index: number,
  nowMs: number,
): { facts: OutcomeFacts | null; issues: Issue[] } {
  const tooMany = tooManyNames(input);
  if (tooMany !== null) return { facts: null, issues: [{ index, ...tooMany }] };
  const parsed = outcomeInputSchema.safeParse(input);
  if (!parsed.success) {
    return { facts: null, issues: issuesOf(parsed.error).map((issue) => ({ index, ...issue })) };
  }
  if (hasForbiddenKey(input)) {
    return {
      facts: null,
      issues: [{ index, path: 'attributes.__proto__', message: 'This name is reserved. Choose another.' }],
    };
  }
  const facts = toFacts(parsed.data, index);
  const future = facts.occurredAtMs === null ? null : futureProblem(facts.occurredAtMs, nowMs);
  return { facts, issues: future === null ? [] : [{ index, path: 'occurredAt', message: future }] };
}

/** @throws AppError VALIDATION with the first problems, saying whether there are more */
export function refuse(issues: readonly Issue[]): never {
  const message =
    issues.length > MAX_ISSUES
      ? `Nothing was saved: more than ${MAX_ISSUES} problems, of which the first ${MAX_ISSUES} are listed.`
      : undefined;
  throw invalid(issues.slice(0, MAX_ISSUES), message);
}

/**
 * Checks outcomes as they came, before anything is written: all of them, or up to where nobody would read on.
 * @throws AppError VALIDATION with `index` and `path` of each problem
 */
export function parseOutcomes(inputs: readonly unknown[], nowMs: number): OutcomeFacts[] {
  if (inputs.length === 0) refuse([{ path: 'outcomes', message: 'Send at least one outcome.' }]);
  if (inputs.length > MAX_OUTCOMES_PER_REQUEST) {
    refuse([
      {
        path: 'outcomes',
        message: `At most ${MAX_OUTCOMES_PER_REQUEST.toLocaleString('en')} outcomes a request; these are ${inputs.length.toLocaleString('en')}. Send them in parts.`,
      },
    ]);
  }
  const all: OutcomeFacts[] = [];
  const issues: Issue[] = [];
  const firstWith = new Map<string, number>();
  const closedBy = new Map<string, number>();
  for (const [index, input] of inputs.entries()) {
    const { facts, issues: found } = issuesOfOne(input, index, nowMs);
    for (const issue of found) issues.push(issue);
    if (issues.length > MAX_ISSUES) break;
    if (facts === null) continue;
    all.push(facts);
    noteTwice(
      issues,
      firstWith,
      facts.externalId,
      index,
      'externalId',
      (first) => `The same externalId as item ${first} of this request.`,
    );
    noteTwice(
      issues,
      closedBy,
      facts.journeyId,
      index,
      'journeyId',
      (first) => `Item ${first} of this request closes this journey already.`,
    );
  }
  if (issues.length > 0) refuse(issues);
  return all;
}

function noteTwice(
  issues: Issue[],
  seen: Map<string, number>,
  id: string | null,
  index: number,
  path: string,
  words: (first: number) => string,
): void {
  if (id === null) return;
  const first = seen.get(id);
  if (first === undefined) seen.set(id, index);
  else issues.push({ index, path, message: words(first) });
}
