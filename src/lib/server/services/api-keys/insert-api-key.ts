import { emitAudit } from '../../audit/emit-audit.ts';
import { describeApiKey } from '../../auth/api-key-token.ts';
import type { ApiScope, Context } from '../../context.ts';
import type { TransactionSql } from '../../db/client.ts';

/** Stores a key's hash in the caller's transaction. @returns its id */
export async function insertApiKey(
  tx: TransactionSql,
  author: Pick<Context, 'actor' | 'ip' | 'requestId'>,
  workspace: { id: string },
  input: { name: string; scopes: readonly ApiScope[]; key: string; createdBy: string | null },
): Promise<string> {
  const { hash, prefix } = describeApiKey(input.key);
  const scopes = [...new Set(input.scopes)];
  const [row] = await tx<{ id: string }[]>`
    insert into api_keys (workspace_id, name, prefix, hash, scopes, created_by)
    values (${workspace.id}, ${input.name}, ${prefix}, ${hash}, ${scopes}::text[], ${input.createdBy})
    returning id`;
  if (row === undefined) throw new Error('The key was not stored.');
  await emitAudit(
    tx,
    { ...author, workspace },
    {
      action: 'api-key.created',
      targetType: 'api-key',
      targetId: row.id,
      metadata: { name: input.name, prefix, scopes },
    },
  );
  return row.id;
}
