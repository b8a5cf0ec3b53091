import type { FeedAudience, FeedRequest } from '../app.ts';
import type { Context, Permission } from '../context.ts';
import type { Reader } from './still-allowed.ts';

/** Whose streams count together. */
export const ownerOf = ({ actor }: Pick<Context, 'actor'>): string =>
  `${actor.type} ${actor.id ?? actor.name}`;

/** The person or key that streaming may be switched off for. */
export const switchedBy = ({ actor }: Pick<Context, 'actor'>): string => actor.id ?? actor.name;

export const readerOf = (ctx: Context, request: FeedRequest): Reader => ({
  workspaceId: ctx.workspace.id,
  actor: ctx.actor,
  sessionRowId: ctx.actor.type === 'user' ? request.sessionRowId : null,
  permissions: ctx.permissions,
});

/** Whether a scope is that of one person. */
export const isPersonal = (scope: string): boolean => scope.startsWith('user:');

/** Events are for the workspace, for its admins, or for one person; looked at for old events and new ones alike. */
export function audienceOf(
  { workspaceId, actor }: Pick<Reader, 'workspaceId' | 'actor'>,
  permissions: ReadonlySet<Permission>,
  { topics, patterns }: Pick<FeedAudience, 'topics' | 'patterns'>,
): FeedAudience {
  const scopes = ['workspace'];
  if (permissions.has('manage')) scopes.push('role:admin');
  if (actor.type === 'user') scopes.push(`user:${actor.id}`);
  return { workspaceId, topics, scopes, patterns };
}
