import type { App } from '../../app.ts';

/** People's connections that this instance keeps. */
export async function countConnections({ db, instance }: Pick<App, 'db' | 'instance'>): Promise<number> {
  const [row] = await db.sql<{ count: number }[]>`
    select count(*)::int as count from presence where instance_id = ${instance}`;
  return row?.count ?? 0;
}
