import type { Sql, TransactionSql } from './client.ts';

/** Codes of the client and of PostgreSQL after which a connection is gone: closed, or ended from the other side. */
const GONE = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  '57P01',
  '57P02',
  '57P05',
]);

const isGone = (thrown: unknown): boolean =>
  thrown instanceof Error && 'code' in thrown && GONE.has(String(thrown.code));

/**
 * Keeps the client from rolling back on a connection that is gone: postgres.js 3.4.9 would write to no socket, outside
 * of every promise, which ends the process (porsager/postgres#1154, #1208). The client's part of such a transaction is
 * left unanswered; its caller gets the error at once.
 */
export function leaveLostTransactions(sql: Sql): void {
  type Work = (tx: TransactionSql) => unknown;
  const begin = sql.begin.bind(sql) as (options: string, work: Work) => Promise<unknown>;
  const guarded = (options: string | Work, work?: Work): Promise<unknown> => {
    const inner = typeof options === 'string' ? work : options;
    if (inner === undefined) throw new TypeError('A transaction needs its work.');
    let lose: (thrown: unknown) => void = () => undefined;
    const lost = new Promise<never>((_, reject) => {
      lose = reject;
    });
    const running = begin(typeof options === 'string' ? options : '', async (tx) => {
      try {
        const result = inner(tx);
        return await (Array.isArray(result) ? Promise.all(result) : result);
      } catch (thrown) {
        if (!isGone(thrown)) throw thrown;
        lose(thrown);
        return new Promise<never>(() => undefined);
      }
    });
    return Promise.race([running, lost]);
  };
  Object.assign(sql, { begin: guarded });
}
