import { Command } from 'commander';
import { systemContext } from '#lib/server/auth/authorize.ts';
import type { App } from '#lib/server/app.ts';
import type { Context } from '#lib/server/context.ts';
import { AppError } from '#lib/server/errors.ts';
import { createApiKey, listApiKeys, revokeApiKey } from '#lib/server/services/api-keys/index.ts';
import { findWorkspace } from '#lib/server/services/workspaces/index.ts';
import { printTable, withCommandApp } from './lib/command-app.ts';

const WORKSPACE = '--workspace <slug>';

const contextOf = async (app: App, slug: string): Promise<Context> =>
  systemContext(app, await findWorkspace(app, slug), 'command line');

const day = (at: Date | null) => at?.toISOString().slice(0, 16).replace('T', ' ') ?? 'never';

const program = new Command('api-key').description('Keys with which scripts use the API of one workspace.');

program
  .command('list')
  .requiredOption(WORKSPACE, 'whose keys')
  .action(({ workspace }: { workspace: string }) =>
    withCommandApp(async (app) => {
      const keys = await listApiKeys(await contextOf(app, workspace));
      if (keys.length === 0) console.log(`${workspace} has no keys.`);
      else {
        printTable(
          ['Key', 'Name', 'Scopes', 'Created', 'Last used', 'State'],
          keys.map((key) => [
            `${key.prefix}…`,
            key.name,
            key.scopes.join(','),
            day(key.createdAt),
            day(key.lastUsedAt),
            key.revokedAt === null ? 'works' : 'revoked',
          ]),
        );
      }
    }),
  );

program
  .command('create')
  .description('make a key; it is printed once, alone on stdout')
  .requiredOption(WORKSPACE, 'which workspace it is for')
  .option('--scopes <list>', 'of read, record and manage, with commas', 'read,record')
  .option('--name <name>', 'what will use it', 'Command line')
  .action(({ workspace, scopes, name }: { workspace: string; scopes: string; name: string }) =>
    withCommandApp(async (app) => {
      const list = scopes.split(',').map((scope) => scope.trim());
      const { key } = await createApiKey(await contextOf(app, workspace), { name, scopes: list });
      console.log(key);
      console.error(`Key ${name} of ${workspace} may ${list.join(', ')}. It is not shown again.`);
    }),
  );

program
  .command('revoke <key>')
  .description('end a key: the whole key, or its first characters as listed')
  .requiredOption(WORKSPACE, 'whose key')
  .action((given: string, { workspace }: { workspace: string }) =>
    withCommandApp(async (app) => {
      const ctx = await contextOf(app, workspace);
      const prefix = given.replace(/…$/, '');
      const working = (await listApiKeys(ctx)).filter(({ revokedAt }) => revokedAt === null);
      const [key, another] = working.filter(
        (one) => one.prefix.startsWith(prefix) || prefix.startsWith(one.prefix),
      );
      if (prefix.length < 4 || key === undefined)
        throw new AppError('NOT_FOUND', `${workspace} has no working key ${given}.`);
      if (another !== undefined)
        throw new AppError('CONFLICT', `More than one key begins with ${given}. Give more of it.`);
      await revokeApiKey(ctx, key.id);
      console.log(`Key ${key.name} (${key.prefix}…) was revoked.`);
    }),
  );

await program.parseAsync();
