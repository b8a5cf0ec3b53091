import { redirect, type RequestEvent } from '@sveltejs/kit';
import type { App } from '../app.ts';
import type { Actor, SessionInfo } from '../context.ts';

/** What authorizing needs of a request; a page's load, an action and an endpoint all have it. */
export type AuthorizeEvent = Pick<RequestEvent, 'locals' | 'url' | 'request' | 'getClientAddress'>;

/** A request outside of any workspace: setup, login, account, choosing a workspace. */
export interface Visitor {
  app: App;
  requestId: string;
  ip: string | null;
  userAgent: string | null;
}

/** A visitor who is logged in. */
export interface Person extends Visitor {
  actor: Extract<Actor, { type: 'user' }>;
  session: SessionInfo | null;
}

export function visitorOf(event: AuthorizeEvent): Visitor {
  return {
    app: event.locals.app,
    requestId: event.locals.requestId,
    ip: event.getClientAddress(),
    userAgent: event.request.headers.get('user-agent'),
  };
}

/** Where to come back to after logging in: the page itself for a visit, the form's page for a post. */
function loginAddress(event: AuthorizeEvent): string {
  const here = event.url.pathname + (event.request.method === 'GET' ? event.url.search : '');
  return here === '/' ? '/login' : `/login?next=${encodeURIComponent(here)}`;
}

/** The person who is logged in, for pages outside of any workspace. Sends everybody else to the login page. */
export function authorizeUser(event: AuthorizeEvent): Person {
  const { actor, session } = event.locals;
  if (actor?.type !== 'user') redirect(303, loginAddress(event));
  return { ...visitorOf(event), actor, session };
}

/** `next` when it is a path of ours, otherwise `/`: never an address of another site. */
export function localPath(next: string | null): string {
  // Browsers read a backslash as a slash, and two of them as the start of a host.
  if (next === null || !/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(next)) return '/';
  return next;
}
