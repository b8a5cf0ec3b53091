import { authorizePage } from '#lib/server/auth/authorize.ts';
import type { LayoutServerLoad } from './$types';

/** Which settings there are for this person. */
export const load: LayoutServerLoad = async (event) => {
  const { actor, permissions } = await authorizePage(event, event.params.workspace, 'read');
  return { mayAnalyse: permissions.has('analyse'), mayManage: permissions.has('manage'), ownId: actor.id };
};
