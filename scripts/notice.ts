import { Command } from 'commander';
import { OPERATOR } from '#lib/server/services/identity/index.ts';
import {
  announceMaintenance,
  maintenanceForm,
  readMaintenance,
  withdrawMaintenance,
} from '#lib/server/services/notices/index.ts';
import { withCommandApp } from './lib/command-app.ts';

interface Options {
  from: string;
  until: string;
  timezone: string;
  clear?: boolean;
}

const program = new Command('notice')
  .description('Announces a maintenance above every page of every workspace, or takes it back.')
  .argument('[message]', 'what happens; without it the one that stands is shown')
  .option('--from <time>', 'when it begins, such as "today 18:00"; now when left out', '')
  .option('--until <time>', 'when it ends, such as 18:30', '')
  .option('--timezone <zone>', 'by whose clocks', Intl.DateTimeFormat().resolvedOptions().timeZone)
  .option('--clear', 'take it back')
  .addHelpText(
    'after',
    '\nExamples:\n  npm run notice -- "We update Telltale" --from "tomorrow 18:00" --until 18:30\n  npm run notice -- --clear',
  )
  .action((message: string | undefined, { from, until, timezone, clear = false }: Options) =>
    withCommandApp(async (app) => {
      const operator = { app, ...OPERATOR };
      if (clear) await withdrawMaintenance(operator);
      else if (message !== undefined) await announceMaintenance(operator, { message, from, until, timezone });
      const stands = maintenanceForm(await readMaintenance(app.db.sql));
      if (stands === null) console.log('Nothing is announced.');
      else console.log(`From ${stands.from} until ${stands.until} (${stands.timezone}): ${stands.message}`);
    }),
  );

await program.parseAsync();
