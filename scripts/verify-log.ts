import { Command } from 'commander';
import type { App } from '#lib/server/app.ts';
import { coerceError } from '#lib/server/errors.ts';
import { logger } from '#lib/server/logger.ts';
import { createFoldPool, type FoldPool } from '#lib/server/recalculation/index.ts';
import { startCheck } from '#lib/server/recalculation/check-fold.ts';
import type { CheckResult } from '#lib/server/recalculation/check-store.ts';
import { findWorkspace, listAllWorkspaces } from '#lib/server/services/workspaces/index.ts';
import { withCommandApp } from './lib/command-app.ts';
import { root } from './lib/project.mjs';

/** Exit codes beside 0: something differs; something could not be checked. */
const DIFFERS = 1;
const NOT_CHECKED = 2;

const number = new Intl.NumberFormat('en');

function tell(slug: string, result: CheckResult, ms: number): number {
  if ('error' in result) {
    console.error(`${slug}: not checked. ${result.error}`);
    return NOT_CHECKED;
  }
  const { position, outcomes, differences } = result;
  const read = `${number.format(position)} log entries, ${number.format(outcomes)} outcomes, ${(ms / 1_000).toFixed(1)} s`;
  if (differences.length === 0) {
    console.log(`${slug}: the state is what the log gives, bit for bit (${read}).`);
    return 0;
  }
  console.log(`${slug}: the state is NOT what the log gives (${read}).`);
  for (const { part, section, count, where } of differences) {
    console.log(
      `  ${part} ${section}: ${number.format(count)}${where.length > 0 ? ` (${where.join('; ')})` : ''}`,
    );
  }
  return DIFFERS;
}

/** What it found; that it failed is a result too, so that what others differ in is still told. */
async function check(options: Parameters<typeof startCheck>[0]): Promise<CheckResult> {
  try {
    const begun = await startCheck(options, 'command line');
    return (await begun?.result) ?? { error: 'Another check of it is running.' };
  } catch (thrown) {
    return { error: coerceError(thrown).message };
  }
}

async function verify(app: App, pool: FoldPool, workspace: { id: string; slug: string }): Promise<number> {
  const started = performance.now();
  let shown = started;
  const onProgress = (position: number, checked: number) => {
    if (!process.stderr.isTTY || performance.now() - shown < 1_000) return;
    shown = performance.now();
    process.stderr.write(`${workspace.slug}: ${number.format(checked)} of ${number.format(position)}\r`);
  };
  const options = { sql: app.db.sql, pool, logger, workspaceId: workspace.id, onProgress };
  const result = await check(options);
  return tell(workspace.slug, result, performance.now() - started);
}

await new Command('verify-log')
  .description(
    'Reads the log again from its first entry and compares the result with the stored state, bit for bit.',
  )
  .option('--workspace <slug>', 'only this one; all when left out')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : NOT_CHECKED))
  .addHelpText('after', '\nEnds with 1 when something differs, with 2 when something could not be checked.')
  .action(({ workspace }: { workspace?: string }) =>
    withCommandApp(async (app) => {
      const workspaces =
        workspace === undefined ? await listAllWorkspaces(app) : [await findWorkspace(app, workspace)];
      if (workspaces.length === 0) console.log('There is no workspace yet.');
      const pool = createFoldPool({ root, threads: app.env.TELLTALE_THREADS, logger });
      try {
        const codes: number[] = [];
        for (const one of workspaces) codes.push(await verify(app, pool, one));
        process.exitCode = codes.includes(DIFFERS) ? DIFFERS : Math.max(0, ...codes);
      } finally {
        await pool.stop();
      }
    }, NOT_CHECKED),
  )
  .parseAsync();
