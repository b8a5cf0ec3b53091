import { randomBytes } from 'node:crypto';
import { Command, Option } from 'commander';
import { ROLES } from '#lib/contracts/identity.ts';
import { systemContext } from '#lib/server/auth/authorize.ts';
import {
  createUserAsOperator,
  listUsers,
  resetPasswordAsOperator,
  setOperator,
} from '#lib/server/services/identity/index.ts';
import { addMember } from '#lib/server/services/members/index.ts';
import { findWorkspace } from '#lib/server/services/workspaces/index.ts';
import { printTable, withCommandApp } from './lib/command-app.ts';

const PASSWORD = '--password <password>';
const PASSWORD_WORDS = 'the password; without it one is made and printed (others can read arguments)';

const newPassword = () => randomBytes(15).toString('base64url');

function sayPassword(given: string | undefined, password: string): void {
  if (given === undefined)
    console.log(`Password: ${password}\nIt is not shown again; change it under Account.`);
}

const program = new Command('user').description('People who can log in.');

program
  .command('list')
  .description('everybody with an account')
  .action(() =>
    withCommandApp(async (app) => {
      const users = await listUsers(app);
      if (users.length === 0) console.log('Nobody has an account yet.');
      else {
        printTable(
          ['E-mail', 'Name', 'Since', 'Workspaces'],
          users.map(({ email, name, createdAt, disabledAt, operator, workspaces }) => [
            email,
            name,
            createdAt.toISOString().slice(0, 10),
            disabledAt === null
              ? [...(operator ? ['operator'] : []), ...workspaces].join(', ') || '–'
              : 'disabled',
          ]),
        );
      }
    }),
  );

interface CreateOptions {
  email: string;
  name: string;
  password?: string;
  workspace?: string;
  role: string;
}

program
  .command('create')
  .description('make an account, and a member of a workspace')
  .requiredOption('--email <address>', 'to log in with')
  .requiredOption('--name <name>', 'as others see it')
  .option(PASSWORD, PASSWORD_WORDS)
  .option('--workspace <slug>', 'make them a member of it')
  .addOption(new Option('--role <role>', 'in that workspace').choices(ROLES).default('viewer'))
  .action(({ email, name, password = undefined, workspace, role }: CreateOptions) =>
    withCommandApp(async (app) => {
      const made = password ?? newPassword();
      // Looked up first, so that a wrong address leaves no account behind.
      const found = workspace === undefined ? null : await findWorkspace(app, workspace);
      await createUserAsOperator(app, { email, name, password: made });
      if (found !== null) await addMember(systemContext(app, found, 'command line'), { email, role });
      console.log(`${email} can log in${found === null ? '' : `, and is ${role} of ${found.slug}`}.`);
      sayPassword(password, made);
    }),
  );

program
  .command('reset')
  .description('give somebody a new password, and end their sessions')
  .requiredOption('--email <address>', 'whose password was lost')
  .option(PASSWORD, PASSWORD_WORDS)
  .action(({ email, password = undefined }: { email: string; password?: string }) =>
    withCommandApp(async (app) => {
      const made = password ?? newPassword();
      await resetPasswordAsOperator(app, { email, password: made });
      console.log(`${email} has a new password, and was logged out everywhere.`);
      sayPassword(password, made);
    }),
  );

program
  .command('operator <email>')
  .description('let somebody run the installation: its switches and figures under /admin')
  .option('--remove', 'no longer')
  .action((email: string, { remove = false }: { remove?: boolean }) =>
    withCommandApp(async (app) => {
      await setOperator(app, { email, on: !remove });
      console.log(`${email} ${remove ? 'no longer runs' : 'runs'} this installation.`);
    }),
  );

await program.parseAsync();
