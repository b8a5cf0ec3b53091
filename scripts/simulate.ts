/** `npm run simulate`: fills a workspace marked simulated, and lets new outcomes trickle in until it is stopped. */
import { setTimeout as delay } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { systemContext } from '#lib/server/auth/authorize.ts';
import type { App } from '#lib/server/app.ts';
import type { WorkspaceInfo } from '#lib/server/context.ts';
import { createDoorbell } from '#lib/server/event-log/index.ts';
import { insertWorkspace } from '#lib/server/services/workspaces/index.ts';
import {
  loadHistory,
  planSimulation,
  readState,
  trickle,
  type SimulationState,
} from '#lib/server/services/simulation/index.ts';
import { listUsers } from '#lib/server/services/identity/index.ts';
import { createProgress } from './lib/cli-progress.ts';
import { counted, say } from './lib/cli-run.ts';
import { UsageError } from './lib/cli-target.ts';
import { withCommandApp } from './lib/command-app.ts';

interface Options {
  workspace: string;
  seed: number;
  outcomes: number;
  rate?: number;
  admin?: string;
}

const wholeUpTo = (most: number) => (text: string) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > most)
    throw new InvalidArgumentError(`A whole number up to ${counted(most)}.`);
  return value;
};
const TICK_MS = 200;
const OPERATOR = {
  actor: { type: 'system' as const, id: null, name: 'command line' },
  ip: null,
  requestId: 'command-line',
};

const command = new Command('simulate')
  .description(
    'Three months of made-up outcomes with planted truths (docs/simulator.md), the same for the same seed. Only in workspaces marked simulated; one that does not exist yet is made.',
  )
  .requiredOption('--workspace <slug>', 'which workspace')
  .option('--seed <number>', 'another seed, another set', wholeUpTo(2 ** 31 - 1), 7)
  .option('--outcomes <count>', 'how many of the past', wholeUpTo(1_000_000), 10_000)
  .option('--rate <per second>', 'then go on with so many a second, until ended with Ctrl C', Number)
  .option('--admin <email>', 'who may see a new workspace; the oldest account if left out');

/** @throws UsageError when the workspace holds real outcomes */
async function findOrMake(app: App, options: Options): Promise<WorkspaceInfo> {
  const [found] = await app.db.sql<WorkspaceInfo[]>`
    select id, slug, name, preset, timezone, simulated from workspaces where slug = ${options.workspace}`;
  if (found?.simulated === true) return found;
  if (found !== undefined)
    throw new UsageError(
      `${options.workspace} holds real outcomes; simulated ones go into a workspace of their own.`,
    );
  const users = await listUsers(app);
  const admin =
    options.admin === undefined
      ? users[0]
      : users.find(({ email }) => email === options.admin?.toLowerCase());
  if (admin === undefined)
    throw new UsageError(
      'There is no such account yet. Start Telltale and set it up, or make one with npm run user.',
    );
  return app.db.sql.begin((tx) =>
    insertWorkspace(tx, OPERATOR, admin.id, {
      name: options.workspace,
      slug: options.workspace,
      preset: 'content',
      timezone: 'UTC',
      simulated: true,
    }),
  );
}

async function planned(
  app: App,
  workspace: WorkspaceInfo,
  { seed, outcomes, rate }: Options,
): Promise<SimulationState> {
  const state = await readState(app.db.sql, workspace.id);
  if (state !== null) {
    if (state.seed !== seed)
      throw new UsageError(
        `${workspace.slug} was begun with seed ${state.seed}; another seed needs another workspace.`,
      );
    return state;
  }
  const ctx = systemContext(app, workspace, 'command line');
  await app.db.sql.begin((tx) =>
    planSimulation(tx, ctx, workspace, { seed, outcomes, ratePerSecond: rate ?? 1 }),
  );
  const fresh = await readState(app.db.sql, workspace.id);
  if (fresh === null) throw new Error('The plan of the simulation was not kept.');
  return fresh;
}

async function load(app: App, workspace: WorkspaceInfo, first: SimulationState): Promise<void> {
  const progress = createProgress(first.outcomes);
  progress.add(Math.min(first.next, first.outcomes));
  for (let state: SimulationState | null = first; state !== null && state.next < state.outcomes;) {
    progress.add(await loadHistory(app, workspace, state));
    state = await readState(app.db.sql, workspace.id);
  }
  progress.end();
}

async function goOn(app: App, workspace: WorkspaceInfo, rate: number): Promise<void> {
  let ended = false;
  process.once('SIGINT', () => (ended = true));
  process.once('SIGTERM', () => (ended = true));
  say(`${rate} a second into ${workspace.slug}. End with Ctrl C.`);
  let count = 0;
  while (!ended) {
    const state = await readState(app.db.sql, workspace.id);
    if (state === null) break;
    count += await trickle(app, workspace, { ...state, ratePerSecond: rate });
    await delay(TICK_MS);
  }
  say(`${counted(count)} outcomes were simulated.`);
}

await withCommandApp(async (quiet) => {
  const options = command.parse().opts<Options>();
  if (options.rate !== undefined && !(options.rate > 0 && options.rate <= 500))
    throw new UsageError('--rate is a number up to 500, such as 5.');
  // A bell that a running server hears: its leader takes what is recorded here at once.
  const doorbell = createDoorbell({ url: quiet.db.url });
  await doorbell.start();
  const app: App = { ...quiet, doorbell };
  try {
    const workspace = await findOrMake(app, options);
    const state = await planned(app, workspace, options);
    await load(app, workspace, state);
    console.log(
      `${workspace.slug} holds ${counted(state.outcomes)} simulated outcomes of seed ${state.seed}.`,
    );
    if (options.rate !== undefined) await goOn(app, workspace, options.rate);
  } finally {
    await doorbell.stop();
  }
});
