import type { KeptOutcome, KeptOutcomeReply } from '#lib/contracts/kept-outcome.ts';
import type { Problem } from '#lib/contracts/problem.ts';
import { askedToWaitMs } from '../retry-delay.ts';
import type { SendAnswer, UnsentOutcome } from './unsent-outcome.ts';

/** The server waits 3 s for another sending of the same; longer silence is a lost connection. */
const DEADLINE_MS = 15_000;

export interface SendTo {
  /** Slug of the workspace. */
  slug: string;
  workspaceId: string;
  userId: string;
}

const NETWORK: SendAnswer = { kind: 'later', reason: 'network', afterMs: null };

/** Sends one to the server; never throws for what a network or a server can do. */
export async function sendOutcome(
  to: SendTo,
  entry: UnsentOutcome,
  now: () => number,
  send: typeof fetch = fetch,
): Promise<SendAnswer> {
  const body: KeptOutcome = {
    workspace: to.workspaceId,
    user: to.userId,
    recordedAt: entry.recordedAt,
    sentAt: now(),
    values: entry.values,
  };
  try {
    const response = await send(`/w/${encodeURIComponent(to.slug)}/outcomes/new/send`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
      // The login page is no answer.
      redirect: 'manual',
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    return await answerOf(response);
  } catch (thrown) {
    // No connection, a deadline that passed, or a page of somebody in between where JSON was to be.
    if (thrown instanceof TypeError || thrown instanceof SyntaxError || thrown instanceof DOMException)
      return NETWORK;
    throw thrown;
  }
}

async function answerOf(response: Response): Promise<SendAnswer> {
  const { status } = response;
  if (response.type === 'opaqueredirect' || status === 401) return { kind: 'login' };
  if (status === 201) {
    // Our own route answers with its contract; a stranger's page has no such id.
    const reply = (await response.json()) as Partial<KeptOutcomeReply>;
    return typeof reply.id === 'string'
      ? { kind: 'saved', id: reply.id, duplicate: reply.duplicate === true }
      : NETWORK;
  }
  const afterMs = askedToWaitMs(response.headers);
  if (status === 500) return { kind: 'later', reason: 'fault', afterMs };
  if (afterMs !== null || status >= 500 || status === 408 || status === 425 || status === 429)
    return { kind: 'later', reason: 'busy', afterMs };
  if (!(response.headers.get('content-type') ?? '').includes('json')) return NETWORK;
  const problem = (await response.json()) as Partial<Problem>;
  const message = problem.detail ?? problem.title ?? `The server answered ${status}.`;
  if (status === 403 || status === 404) return { kind: 'forbidden', message };
  const issues = problem.issues ?? [];
  return { kind: 'held', trouble: { kind: status === 409 ? 'saved-before' : 'refused', message, issues } };
}
