import { randomUUID } from 'node:crypto';
import { vi } from 'vitest';
import type { App } from '#lib/server/app.ts';
import { systemContext } from '#lib/server/auth/authorize.ts';
import type { Context, WorkspaceInfo } from '#lib/server/context.ts';
import { openDatabase } from '#lib/server/db/client.ts';
import { readEnv } from '#lib/server/env.ts';
import { createDoorbell, createPartitionKeeper } from '#lib/server/event-log/index.ts';
import { createLimits } from '#lib/server/limits.ts';
import { logger } from '#lib/server/logger.ts';
import { createFoldPool, WorkspaceFolds } from '#lib/server/recalculation/index.ts';
import type { Looks } from '#lib/server/recalculation/task-watch.ts';
import { projectRoot } from './running-server.ts';

export interface TestApp {
  app: App;
  workspace: WorkspaceInfo;
  ctx: Context;
  /** Its folds fail from then on. */
  breakFolds(): void;
  stop(): Promise<void>;
}

/** One instance of the product's server parts over a database: doorbell, folds and pool, no HTTP. */
export async function startTestApp(
  url: string,
  options: { workspace?: WorkspaceInfo; tracked?: number; pool?: { root: string; looks: Looks } } = {},
): Promise<TestApp> {
  const env = readEnv({
    TELLTALE_THREADS: '2',
    ...(options.tracked === undefined ? {} : { TELLTALE_TRACKED: String(options.tracked) }),
  });
  const db = openDatabase(url, { max: 6 });
  const instance = `test-${randomUUID().slice(0, 6)}`;
  const now = () => Date.now();
  const partitions = createPartitionKeeper({ db });
  await partitions.start();
  const doorbell = createDoorbell({ url, instance });
  await doorbell.start();
  const pool = createFoldPool({ root: projectRoot, threads: 2, logger, ...options.pool });
  const folds = new WorkspaceFolds({ db, pool, doorbell, logger, env, instance, now });
  folds.start();
  const app = { db, env, doorbell, folds, limits: createLimits(env), instance, now } as unknown as App;
  const workspace = options.workspace ?? (await makeWorkspace(app));
  return {
    app,
    workspace,
    ctx: systemContext(app, workspace, 'test'),
    breakFolds: () => vi.spyOn(pool, 'fold').mockRejectedValue(new Error('broken by the test')),
    async stop() {
      await folds.stop();
      await pool.stop();
      await doorbell.stop();
      await partitions.stop();
      await db.end();
    },
  };
}

export async function makeWorkspace(
  app: App,
  slug = `w-${randomUUID().slice(0, 8)}`,
): Promise<WorkspaceInfo> {
  const [row] = await app.db.sql<WorkspaceInfo[]>`
    insert into workspaces (slug, name) values (${slug}, ${slug})
    returning id, slug, name, preset, timezone, simulated`;
  if (row === undefined) throw new Error('no workspace');
  return row;
}

/** Waits until everything that is committed is counted. */
export async function settled({ app, workspace }: TestApp, deadlineMs = 200_000): Promise<number> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const [row] = await app.db.sql<{ waiting: number; placed: number }[]>`
      select count(*) filter (where position is null) as waiting, coalesce(max(position), 0) as placed
      from log_entries where workspace_id = ${workspace.id}`;
    const knowledge = await app.folds.of(workspace.id);
    if (row !== undefined && row.waiting === 0 && knowledge.asOf === row.placed) return row.placed;
    if (Date.now() > end) throw new Error(`not settled: ${JSON.stringify(row)}, as of ${knowledge.asOf}`);
    await new Promise((next) => setTimeout(next, 20));
  }
}
