import { authorizePage } from '#lib/server/auth/authorize.ts';
import { inputProblem, pageError } from '#lib/server/error-mapping.ts';
import { listAttributes } from '#lib/server/services/attributes/index.ts';
import { lookupPattern } from '#lib/server/services/patterns/index.ts';
import type { PageServerLoad } from './$types';

const MAX_CONDITIONS = 3;

/** The figures of any conjunction of up to three conditions, tracked or not. */
export const load: PageServerLoad = async (event) => {
  await event.parent();
  event.depends('telltale:lookup');
  const ctx = await authorizePage(event, event.params.workspace, 'read');
  const where = event.url.searchParams
    .getAll('where')
    .filter((text) => text !== '')
    .slice(0, MAX_CONDITIONS);
  const { attributes, asOf } = await listAttributes(ctx).catch(pageError);
  const answer =
    where.length === 0 ? null : await lookupPattern(ctx, where).catch(inputProblem).catch(pageError);
  return {
    asOf,
    where,
    answer: answer !== null && 'item' in answer ? answer : null,
    problem: answer !== null && 'message' in answer ? answer : null,
    choices: attributes
      .filter((attribute) => attribute.searched && attribute.values.length > 0)
      .map((attribute) => ({
        key: attribute.key,
        label: attribute.label,
        values: attribute.values.map(({ label, n }) => ({ label, n })),
      })),
    waiting: attributes
      .filter((attribute) => attribute.state === 'collecting')
      .map((attribute) => attribute.label),
  };
};
