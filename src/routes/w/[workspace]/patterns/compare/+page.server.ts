import { conditionWords } from '#lib/format/value.ts';
import { authorizePage } from '#lib/server/auth/authorize.ts';
import { pageError } from '#lib/server/error-mapping.ts';
import { comparePatterns, getPattern, listPatterns } from '#lib/server/services/patterns/index.ts';
import type { PageServerLoad } from './$types';

const OFFERED = 200;

/** Two patterns side by side; with one of them named, what it can be compared with. */
export const load: PageServerLoad = async (event) => {
  await event.parent();
  event.depends('telltale:compare');
  const ctx = await authorizePage(event, event.params.workspace, 'read');
  const { searchParams } = event.url;
  const asked = [...searchParams.getAll('id'), searchParams.get('a'), searchParams.get('b')];
  const ids = [...new Set(asked.flatMap((id) => (id === null || id === '' ? [] : [id])))].slice(0, 2);
  const [first, second] = ids;
  if (first !== undefined && second !== undefined) {
    const comparison = await comparePatterns(ctx, { ids: `${first},${second}` }).catch(pageError);
    return { comparison, first: null, offered: [] };
  }
  const [one, list] = await Promise.all([
    first === undefined ? null : getPattern(ctx, first),
    listPatterns(ctx, { limit: OFFERED }),
  ]).catch(pageError);
  return {
    comparison: null,
    first: one?.item ?? null,
    offered: list.items.flatMap(({ id, conditions }) =>
      id === null || id === first ? [] : [{ id, label: conditionWords(conditions) }],
    ),
  };
};
