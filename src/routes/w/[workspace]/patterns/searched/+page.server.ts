import { authorizePage } from '#lib/server/auth/authorize.ts';
import { pageError } from '#lib/server/error-mapping.ts';
import { listAttributes } from '#lib/server/services/attributes/index.ts';
import { searchFamily } from '#lib/server/services/patterns/index.ts';
import type { PageServerLoad } from './$types';

/** What was looked at to find the patterns, and what that costs. */
export const load: PageServerLoad = async (event) => {
  await event.parent();
  event.depends('telltale:searched');
  const ctx = await authorizePage(event, event.params.workspace, 'read');
  const [family, { attributes }] = await Promise.all([searchFamily(ctx), listAttributes(ctx)]).catch(
    pageError,
  );
  return {
    family,
    attributes: attributes.flatMap(({ key, label, comparison, values }) =>
      comparison === null ? [] : [{ key, label, comparison, values: values.length }],
    ),
  };
};
