import { error } from '@sveltejs/kit';
import type { App } from '../app.ts';
import {
  permissionsOfRole,
  permissionsOfScopes,
  requirePermission,
  type Context,
  type Permission,
  type WorkspaceInfo,
} from '../context.ts';
import { AppError, notFound } from '../errors.ts';
import { bearerToken } from './api-key-token.ts';
import { authorizeUser, type AuthorizeEvent } from './visitor.ts';
import { findWorkspaceOfUser } from './workspace-access.ts';

export type { AuthorizeEvent } from './visitor.ts';

const NO_WORKSPACE = 'There is no such workspace.';

async function contextOfUser(event: AuthorizeEvent, slug: string): Promise<Context | null> {
  const { app, actor, requestId } = event.locals;
  if (actor?.type !== 'user') return null;
  const found = await findWorkspaceOfUser(app.db, actor.id, slug);
  if (found === null) return null;
  return {
    app,
    workspace: found.workspace,
    actor,
    permissions: permissionsOfRole(found.role),
    requestId,
    ip: event.getClientAddress(),
    now: app.now,
  };
}

/**
 * Context of a page or form action of the workspace `slug`. Sends to the login page when nobody is logged in; an
 * unknown workspace and one of other people are the same 404; a missing permission is a 403.
 */
export async function authorizePage(
  event: AuthorizeEvent,
  slug: string,
  permission: Permission,
): Promise<Context> {
  authorizeUser(event);
  const ctx = await contextOfUser(event, slug);
  if (ctx === null) error(404, { message: NO_WORKSPACE, code: 'NOT_FOUND' });
  try {
    requirePermission(ctx, permission);
  } catch (thrown) {
    if (thrown instanceof AppError) error(403, { message: thrown.message, code: thrown.code });
    throw thrown;
  }
  return ctx;
}

function contextOfKey(event: AuthorizeEvent): Context {
  const { app, actor, requestId } = event.locals;
  if (actor?.type !== 'api-key') {
    throw new AppError('UNAUTHENTICATED', 'This API key is not known or has been revoked.');
  }
  const { workspace } = actor;
  const named = event.url.searchParams.get('ws');
  if (named !== null && named !== workspace.slug) throw notFound('workspace');
  return {
    app,
    workspace,
    actor,
    permissions: permissionsOfScopes(actor.scopes),
    requestId,
    ip: event.getClientAddress(),
    now: app.now,
  };
}

/**
 * Context of an API request: by key (which names the workspace), or by session with `?ws=slug`.
 * @throws AppError UNAUTHENTICATED, FORBIDDEN, NOT_FOUND (also for a workspace of other people) or VALIDATION
 */
export async function authorizeApi(event: AuthorizeEvent, permission: Permission): Promise<Context> {
  let ctx: Context | null;
  if (bearerToken(event.request.headers) !== null) {
    ctx = contextOfKey(event);
  } else {
    if (event.locals.actor?.type !== 'user') {
      throw new AppError('UNAUTHENTICATED', 'Send an API key as "Authorization: Bearer tt_…".');
    }
    const slug = event.url.searchParams.get('ws');
    if (slug === null || slug === '') {
      throw new AppError('VALIDATION', 'Name the workspace: ?ws=its-slug.', {
        issues: [{ path: 'ws', message: 'With a session, the workspace is named in the address.' }],
      });
    }
    ctx = await contextOfUser(event, slug);
    if (ctx === null) throw notFound('workspace');
  }
  requirePermission(ctx, permission);
  return ctx;
}

/** Context of the product itself (importer after a restart, simulator, nightly work); it may do everything. */
export function systemContext(app: App, workspace: WorkspaceInfo, name: string): Context {
  return {
    app,
    workspace,
    actor: { type: 'system', id: null, name },
    permissions: permissionsOfRole('admin'),
    requestId: `system:${name}`,
    ip: null,
    now: app.now,
  };
}
