import { randomUUID } from 'node:crypto';
import type { Handle, HandleServerError, RequestEvent, ServerInit } from '@sveltejs/kit';
import { sequence } from '@sveltejs/kit/hooks';
import { authenticate } from './auth/authenticate.ts';
import { boundBody } from './bound-body.ts';
import { isDatabaseAway, mappingOf, pageError, problemResponse } from './error-mapping.ts';
import { AppError, coerceError } from './errors.ts';
import { streamProblem } from './feed/index.ts';
import { logger, requestScope } from './logger.ts';
import { startRuntime, type Runtime } from './runtime.ts';

const THEMES = ['light', 'dark'] as const;
const RUNTIME = Symbol.for('telltale.runtime');
const holder = globalThis as { [RUNTIME]?: Runtime };

/** Starts the runtime once; `vite dev` imports this module again after an edit and finds the running one. */
export const init: ServerInit = async () => {
  holder[RUNTIME] ??= await startRuntime();
};

function runtime(): Runtime {
  const running = holder[RUNTIME];
  if (running === undefined) throw new Error('The server has not started.');
  return running;
}

const requestContext: Handle = async ({ event, resolve }) => {
  const requestId = randomUUID();
  const theme = THEMES.find((known) => known === event.cookies.get('theme')) ?? 'system';
  event.locals.app = runtime().app;
  event.locals.requestId = requestId;
  event.locals.theme = theme;
  event.locals.actor = null;
  event.locals.session = null;
  try {
    event.request = await boundBody(event.request, event.url.pathname);
  } catch (thrown) {
    return refuseBody(thrown, event.url.pathname, requestId);
  }
  return requestScope.run({ requestId }, () =>
    resolve(event, {
      transformPageChunk: ({ html }) => html.replace('%telltale.theme%', theme),
      preload: preloads(),
    }),
  );
};

/** Of the 4 KB that nginx and others take for the head of an answer by default; one that is larger is a 502 there. */
const PRELOAD_BYTES = 2_600;
/** `<>; rel="modulepreload"; nopush, ` around each. */
const PRELOAD_WORDS_BYTES = 36;

/** Which scripts and styles the head of a page names, so that they are fetched at once: as many as there is room for. */
function preloads(): (asset: { type: string; path: string }) => boolean {
  let left = PRELOAD_BYTES;
  return ({ type, path }) => {
    if (type !== 'js' && type !== 'css') return false;
    left -= path.length + PRELOAD_WORDS_BYTES;
    return left >= 0;
  };
}

/** A body that is not taken: problem details for programs, a sentence for people. */
function refuseBody(thrown: unknown, pathname: string, requestId: string): Response {
  if (pathname.startsWith('/api/')) return problemResponse(thrown, requestId);
  if (!(thrown instanceof AppError)) throw thrown;
  return new Response(thrown.message, {
    status: mappingOf(thrown.code).status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  });
}

const isStream = ({ request, url }: RequestEvent) =>
  request.method === 'GET' && url.pathname === '/api/v1/feed';

const identify: Handle = async ({ event, resolve }) => {
  try {
    const { actor, session } = await authenticate({ app: event.locals.app, event });
    event.locals.actor = actor;
    event.locals.session = session;
  } catch (thrown) {
    if (isStream(event)) return streamProblem(thrown, event.locals);
    if (thrown instanceof AppError || event.url.pathname.startsWith('/api/')) {
      return problemResponse(thrown, event.locals.requestId);
    }
    pageError(thrown);
  }
  const response = await resolve(event);
  if (!response.headers.has('x-request-id')) response.headers.set('x-request-id', event.locals.requestId);
  response.headers.set('x-content-type-options', 'nosniff');
  response.headers.set('referrer-policy', 'same-origin');
  return response;
};

export const handle = sequence(requestContext, identify);

/**
 * Unknown errors: everything goes to the log under an id, the visitor sees the id. A database that went while a page
 * was read is no fault of the page: without code and id it comes back by itself (`isUnanswered`).
 */
export const handleError: HandleServerError = ({ error, event, status, message }) => {
  if (status === 404) return { message: 'There is no such page.', code: 'NOT_FOUND' };
  if (error instanceof AppError) return { message: error.message, code: error.code };
  if (isDatabaseAway(error)) {
    logger.warn(
      { err: coerceError(error), route: event.route.id },
      'the database went while a page was read',
    );
    return { message: 'The database cannot be reached now.' };
  }
  const errorId = randomUUID().slice(0, 8);
  logger.error({ err: coerceError(error), errorId, route: event.route.id, status }, 'a request failed');
  return { message: status >= 500 ? 'Something went wrong here.' : message, errorId };
};
