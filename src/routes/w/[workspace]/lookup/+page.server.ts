import { authorizePage } from '#lib/server/auth/authorize.ts';
import { actionFailure, inputProblem, pageError } from '#lib/server/error-mapping.ts';
import { listAttributes } from '#lib/server/services/attributes/index.ts';
import { lookupPattern, pinConditions } from '#lib/server/services/patterns/index.ts';
import type { Actions, PageServerLoad } from './$types';

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

export const actions: Actions = {
  pin: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'analyse');
    const where = (await event.request.formData()).getAll('where').map(String);
    try {
      return { pinned: await pinConditions(ctx, { where }) };
    } catch (thrown) {
      return actionFailure(thrown, { where });
    }
  },
};
