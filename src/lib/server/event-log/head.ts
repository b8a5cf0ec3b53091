import { randomBytes } from 'node:crypto';
import type { Sql, TransactionSql } from '../db/client.ts';

/** Where the feed stands: `seq` is the last position given, `epoch` names this history of the database. */
export interface FeedHead {
  epoch: string;
  seq: number;
}

const randomEpoch = () => randomBytes(4).toString('hex');

/** Makes the one row of `feed_head`, once in the life of a database; later calls change nothing. */
async function createHead(sql: Sql | TransactionSql): Promise<void> {
  await sql`insert into feed_head (id, epoch, seq) values ('feed', ${randomEpoch()}, 0) on conflict (id) do nothing`;
}

/** Names the history anew, whoever reads it: all cursors of before are reset. */
export async function newEpoch(sql: Sql | TransactionSql): Promise<void> {
  await sql`update feed_head set epoch = ${randomEpoch()} where id = 'feed'`;
}

export async function readHead(sql: Sql | TransactionSql): Promise<FeedHead> {
  const [head] = await sql<FeedHead[]>`select epoch, seq from feed_head where id = 'feed'`;
  if (head !== undefined) return head;
  await createHead(sql);
  return readHead(sql);
}

/**
 * The cursor for a page's first paint, `<epoch>-<seq>`.
 *
 * Read it before the data, not after: an event up to this cursor was committed before the data was read, so the data
 * has it; a later one may be in the data already and arrives again, which `rev` and `asOf` make harmless. The other
 * order would lose what commits between the two reads.
 */
export async function readCursor(sql: Sql | TransactionSql): Promise<string> {
  const { epoch, seq } = await readHead(sql);
  return `${epoch}-${seq}`;
}
