import { randomUUID } from 'node:crypto';
import { appendEvents } from '#lib/server/event-log/index.ts';
import type { Sql, TransactionSql } from '#lib/server/db/client.ts';

/** Waits for a condition with a deadline; fails with what it saw last. */
export async function until<Value>(
  read: () => Promise<Value> | Value,
  accept: (value: Value) => boolean,
  deadlineMs = 30_000,
): Promise<Value> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const value = await read();
    if (accept(value)) return value;
    if (Date.now() > end) throw new Error(`Not within ${deadlineMs} ms; last seen: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export const workspaceId = () => randomUUID();

interface NoteOptions {
  type?: 'workspace.changed' | 'import.progressed';
  scope?: string;
  value?: unknown;
}

/** Small events whose keys tell them apart. */
export async function appendNotes(
  sql: Sql | TransactionSql,
  workspace: string,
  keys: readonly string[],
  more: NoteOptions = {},
): Promise<void> {
  await appendEvents(
    sql,
    workspace,
    keys.map((key) => ({
      type: more.type ?? 'workspace.changed',
      key,
      rev: 1,
      value: (more.value ?? { id: key }) as never,
      ...(more.scope === undefined ? {} : { scope: more.scope }),
    })),
  );
}

export const appendNote = (
  sql: Sql | TransactionSql,
  workspace: string,
  key: string,
  more: NoteOptions = {},
) => appendNotes(sql, workspace, [key], more);
