import { emailSchema, newPasswordSchema, workspaceSlugSchema } from '#lib/contracts/identity.ts';
import type { App } from '../../app.ts';
import { API_KEY_FORM } from '../../auth/api-key-token.ts';
import { hashPassword } from '../../auth/passwords.ts';
import { StartupError } from '../../errors.ts';
import { insertApiKey } from '../api-keys/index.ts';
import { insertWorkspace } from '../workspaces/index.ts';
import { hasUsers } from './has-users.ts';
import { insertUser } from './insert-user.ts';

/** Any number; the same in every instance, so that only one of several first starts makes the admin. */
const BOOTSTRAP_LOCK = 7_411_003;
const START = { ip: null, requestId: 'start' };

interface Wanted {
  email: string;
  password: string;
  slug: string | null;
  apiKey: string | null;
}

function readWanted(env: App['env']): Wanted | null {
  const { TELLTALE_ADMIN_EMAIL: email, TELLTALE_ADMIN_PASSWORD: password } = env;
  const { TELLTALE_WORKSPACE: slug, TELLTALE_API_KEY: apiKey } = env;
  if (email === undefined && password === undefined) {
    if (slug !== undefined || apiKey !== undefined) {
      throw new StartupError(
        'TELLTALE_WORKSPACE and TELLTALE_API_KEY need TELLTALE_ADMIN_EMAIL and TELLTALE_ADMIN_PASSWORD.',
      );
    }
    return null;
  }
  if (email === undefined || password === undefined) {
    throw new StartupError(
      'TELLTALE_ADMIN_EMAIL and TELLTALE_ADMIN_PASSWORD are only useful together; one is missing.',
    );
  }
  const checked = emailSchema.safeParse(email);
  if (!checked.success) throw new StartupError('TELLTALE_ADMIN_EMAIL is not an e-mail address.');
  const problem = newPasswordSchema.safeParse(password).error?.issues[0];
  if (problem !== undefined)
    throw new StartupError(`TELLTALE_ADMIN_PASSWORD cannot be used: ${problem.message}`);
  if (slug !== undefined && !workspaceSlugSchema.safeParse(slug).success) {
    throw new StartupError(
      'TELLTALE_WORKSPACE is the address of a workspace: small letters, digits and hyphens, at most 48.',
    );
  }
  if (apiKey !== undefined && slug === undefined) {
    throw new StartupError('TELLTALE_API_KEY needs TELLTALE_WORKSPACE: a key belongs to one workspace.');
  }
  if (apiKey !== undefined && !API_KEY_FORM.test(apiKey)) {
    throw new StartupError(
      'TELLTALE_API_KEY is "tt_" and at least 32 characters of A-Z, a-z, 0-9, "-" and "_".',
    );
  }
  return { email: checked.data, password, slug: slug ?? null, apiKey: apiKey ?? null };
}

/** "term-deposit-calls" becomes "Term deposit calls". */
const nameFromSlug = (slug: string): string =>
  slug.charAt(0).toUpperCase() + slug.slice(1).replaceAll('-', ' ');

/**
 * While no user exists, makes the admin, workspace (content preset) and key that the environment names; afterwards
 * the variables are ignored.
 * @returns whether it made them
 * @throws StartupError for values that cannot be used
 */
export async function bootstrapFromEnv(app: Pick<App, 'db' | 'env'>): Promise<boolean> {
  const { sql } = app.db;
  if (await hasUsers(sql)) return false;
  const wanted = readWanted(app.env);
  if (wanted === null) return false;
  const { email, password, slug, apiKey } = wanted;
  const passwordHash = await hashPassword(password);
  return sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${BOOTSTRAP_LOCK})`;
    if (await hasUsers(tx)) return false;
    const actor = await insertUser(
      tx,
      { ...START, actor: null },
      { name: email.split('@')[0] ?? email, email, passwordHash, operator: true },
    );
    if (slug === null) return true;
    const author = { ...START, actor };
    const name = nameFromSlug(slug);
    const workspace = await insertWorkspace(tx, author, actor.id, {
      name,
      slug,
      preset: 'content',
      timezone: 'UTC',
    });
    if (apiKey !== null) {
      const scopes = ['read', 'record', 'manage'] as const;
      await insertApiKey(tx, author, workspace, {
        name: 'Key of the environment',
        scopes,
        key: apiKey,
        createdBy: actor.id,
      });
    }
    return true;
  });
}
