import { apiKeyInputSchema } from '#lib/contracts/identity.ts';
import { createApiKeyToken } from '../../auth/api-key-token.ts';
import { requirePermission, type Context } from '../../context.ts';
import { parseInput } from '../../parse-input.ts';
import { insertApiKey } from './insert-api-key.ts';

/**
 * A new key of this workspace. `key` is the only time it can be read.
 * @throws AppError FORBIDDEN or VALIDATION
 */
export async function createApiKey(ctx: Context, input: unknown): Promise<{ id: string; key: string }> {
  requirePermission(ctx, 'manage');
  const { name, scopes } = parseInput(apiKeyInputSchema, input);
  const { key } = createApiKeyToken();
  const createdBy = ctx.actor.type === 'user' ? ctx.actor.id : null;
  const id = await ctx.app.db.sql.begin((tx) =>
    insertApiKey(tx, ctx, ctx.workspace, { name, scopes, key, createdBy }),
  );
  ctx.app.doorbell.ringFeed();
  return { id, key };
}
