import type { AttributeType } from '#domain/imports/mapping.ts';
import type { Sql, TransactionSql } from '../../db/client.ts';

/** Types of the attributes that the workspace has; they do not change any more. */
export async function knownTypes(
  sql: Sql | TransactionSql,
  workspaceId: string,
): Promise<Map<string, AttributeType>> {
  const rows = await sql<{ key: string; type: AttributeType }[]>`
    select key, type from attributes where workspace_id = ${workspaceId}`;
  return new Map(rows.map(({ key, type }) => [key, type]));
}
