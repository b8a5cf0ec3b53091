import type { TestDatabase } from './test-database.ts';

/**
 * The same database, where each statement is told before it is sent; a promise given back stands in for its result.
 * What becomes a part of another statement is not told by itself.
 */
export function watchStatements(
  db: TestDatabase,
  onStatement: (text: string) => Promise<unknown> | undefined,
): TestDatabase {
  const sql = new Proxy(db.sql, {
    apply(target, self, parameters: unknown[]) {
      const query = Reflect.apply(target, self, parameters) as Promise<unknown>;
      const then = query.then.bind(query);
      const [strings] = parameters;
      const text = Array.isArray(strings) ? strings.join('?') : '';
      return Object.assign(query, {
        then(...callbacks: Parameters<typeof then>) {
          const instead = onStatement(text);
          return instead === undefined ? then(...callbacks) : instead.then(...callbacks);
        },
      });
    },
  });
  return { ...db, sql, database: { ...db.database, sql } };
}
