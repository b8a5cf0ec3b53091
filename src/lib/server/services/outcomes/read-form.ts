import { readFormFields, type FormFields } from '#lib/contracts/outcome-form-fields.ts';
import type { OutcomeFormValues } from '#lib/contracts/outcome-form.ts';
import type { Issue } from '#lib/contracts/problem.ts';
import { futureProblem } from './parse-outcomes.ts';
import { parseWhen, type When } from './parse-when.ts';

/** What the form says, in the words of the API. */
export interface ReadForm {
  input: FormFields & { occurredAt?: string };
  /** What of it cannot be read, with the form's paths: field names, `attributes.name`, `extra.0`. */
  issues: Issue[];
}

function whenProblem(when: When, nowMs: number): string | null {
  if (when.kind === 'unreadable')
    return 'This is not read as a time. Write “now”, “yesterday 16:30” or 2026-03-01 16:30.';
  return when.kind === 'at' ? futureProblem(when.ms, nowMs) : null;
}

/** `nowMs`: when it was written, which "yesterday" is counted from. */
export function readForm(values: OutcomeFormValues, nowMs: number, timeZone: string): ReadForm {
  const { fields, issues } = readFormFields(values);
  const when = parseWhen(values.when, nowMs, timeZone);
  const problem = whenProblem(when, nowMs);
  if (problem !== null) {
    // In the order of the form: the time stands before the attributes.
    const attributes = issues.findIndex(({ path }) => /^(?:attributes|extra)\./.test(path));
    issues.splice(attributes === -1 ? issues.length : attributes, 0, { path: 'when', message: problem });
  }
  const input = { ...fields, ...(when.kind === 'at' ? { occurredAt: new Date(when.ms).toISOString() } : {}) };
  return { input, issues };
}

/** Issues of the API with the form's paths: a new attribute is pointed at in its own row. */
export function formIssues(issues: readonly Issue[], values: OutcomeFormValues): Issue[] {
  return issues.map(({ path, message }) => {
    if (path === 'occurredAt') return { path: 'when', message };
    const key = path.startsWith('attributes.') ? path.slice('attributes.'.length) : null;
    const row = key === null ? -1 : values.extra.findIndex((extra) => extra.key.trim() === key);
    return { path: row === -1 ? path : `extra.${row}`, message };
  });
}
