import { authorizePage } from '#lib/server/auth/authorize.ts';
import { isOperator } from '#lib/server/auth/operators.ts';
import { feedCursor, readStatus } from '#lib/server/services/feed/index.ts';
import { listOthersHere } from '#lib/server/services/presence/index.ts';
import { readNotices } from '#lib/server/services/notices/index.ts';
import { listWorkspaces } from '#lib/server/services/workspaces/index.ts';
import type { LayoutServerLoad } from './$types';

/** The frame: who, where, and how the figures stand. */
export const load: LayoutServerLoad = async (event) => {
  const slug = event.params.workspace;
  // Untracked: the frame does not change with every step from page to page.
  const ctx = await event.untrack(() => authorizePage(event, slug, 'read'));
  const { actor, workspace, permissions } = ctx;
  const cursor = await feedCursor(ctx);
  const [workspaces, status, others, operate, notices] = await Promise.all([
    actor.type === 'user' ? listWorkspaces(ctx.app, actor.id) : [],
    readStatus(ctx),
    listOthersHere(ctx),
    actor.type === 'user' && isOperator(ctx.app, actor.id),
    readNotices(ctx),
  ]);
  return {
    cursor,
    status,
    others,
    notices,
    workspace,
    workspaces: workspaces.map(({ slug: of, name, simulated }) => ({ slug: of, name, simulated })),
    user: { id: actor.id ?? '', name: actor.name, email: actor.type === 'user' ? actor.email : '' },
    may: {
      record: permissions.has('record'),
      analyse: permissions.has('analyse'),
      manage: permissions.has('manage'),
      operate,
    },
    theme: event.locals.theme,
    live: event.cookies.get('live') !== 'off',
    singleKeys: event.cookies.get('keys') !== 'off',
  };
};
