import type { Issue } from '#lib/contracts/problem.ts';

/** The first message for a field of the outcome form. */
export const issueAt = (issues: readonly Issue[] | undefined, path: string): string | null =>
  issues?.find((issue) => issue.path === path)?.message ?? null;

/** Messages that no field of the form shows. */
export function issuesElsewhere(issues: readonly Issue[] | undefined, shown: readonly string[]): Issue[] {
  return (issues ?? []).filter(({ path }) => !shown.includes(path) && !path.startsWith('extra.'));
}
