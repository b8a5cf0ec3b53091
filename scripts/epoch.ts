import { Argument, Command } from 'commander';
import { readHead } from '#lib/server/event-log/index.ts';
import { beginEpoch } from '#lib/server/services/feed/index.ts';
import { OPERATOR } from '#lib/server/services/identity/index.ts';
import { withCommandApp } from './lib/command-app.ts';

const program = new Command('epoch')
  .description(
    'The history that cursors of the feed belong to. Renew it after a copy of the database was put back: every reader is told once to read everything again.',
  )
  .addArgument(new Argument('[act]', 'without it the epoch that stands is shown').choices(['renew']))
  .addHelpText('after', '\nExample:\n  npm run epoch -- renew')
  .action((act: 'renew' | undefined) =>
    withCommandApp(async (app) => {
      const head = act === 'renew' ? await beginEpoch({ app, ...OPERATOR }) : await readHead(app.db.sql);
      console.log(`The feed stands at ${head.epoch}-${head.seq}.`);
    }),
  );

await program.parseAsync();
