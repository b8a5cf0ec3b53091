import { error } from '@sveltejs/kit';
import type { App } from '../app.ts';
import type { Actor } from '../context.ts';
import { AppError, forbidden } from '../errors.ts';
import { authorizeUser, type AuthorizeEvent, type Person } from './visitor.ts';

/**
 * Who acts on the whole installation: somebody who runs it, or the product itself (also from its terminal). Roles in
 * workspaces do not count here, and neither does any API key: a key belongs to one workspace.
 */
export interface Operator {
  app: Pick<App, 'db' | 'flags' | 'doorbell' | 'now'>;
  actor: Actor;
  requestId: string;
  ip: string | null;
}

const NOT_YOURS =
  'You may not run this installation. Whoever does can let you: npm run user -- operator YOUR-E-MAIL, on its machine.';

export async function isOperator(app: Pick<App, 'db'>, userId: string): Promise<boolean> {
  const [row] = await app.db.sql`
    select 1 from users where id = ${userId} and is_operator and disabled_at is null`;
  return row !== undefined;
}

/** First line of every verb on the installation. @throws AppError FORBIDDEN */
export async function requireOperator({ app, actor }: Pick<Operator, 'app' | 'actor'>): Promise<void> {
  if (actor.type === 'system') return;
  if (actor.type === 'user' && (await isOperator(app, actor.id))) return;
  throw forbidden(NOT_YOURS);
}

/** A page of the installation. Sends to the login page when nobody is logged in; others than operators get a 403. */
export async function authorizeOperator(event: AuthorizeEvent): Promise<Person> {
  const person = authorizeUser(event);
  try {
    await requireOperator(person);
  } catch (thrown) {
    if (thrown instanceof AppError) error(403, { message: thrown.message, code: thrown.code });
    throw thrown;
  }
  return person;
}
