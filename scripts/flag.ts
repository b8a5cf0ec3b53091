import { Argument, Command, InvalidArgumentError } from 'commander';
import type { Switch } from '#domain/flags/rollout.ts';
import { FLAG_KEYS } from '#lib/contracts/flags.ts';
import { parseSwitch, switchWords } from '#lib/format/switch.ts';
import { readFlag, setFlag } from '#lib/server/services/flags/index.ts';
import { OPERATOR } from '#lib/server/services/identity/index.ts';
import { printTable, withCommandApp } from './lib/command-app.ts';

function readState(text: string): Switch {
  const state = parseSwitch(text);
  if (state === null) throw new InvalidArgumentError('It is on, off, or a percentage such as 25.');
  return state;
}

const program = new Command('flag')
  .description('Switches of the installation. A running server follows within seconds, without a restart.')
  .addArgument(new Argument('[switch]', 'which one; without it all are listed').choices(FLAG_KEYS))
  .argument('[state]', 'on, off, or a percentage such as 25', readState)
  .option('--note <words>', 'why; shown on the page of the switch', '')
  .addHelpText(
    'after',
    '\nExamples:\n  npm run flag -- streaming off --note "proxy upgrade"\n  npm run flag -- streaming 25',
  )
  .action((key: string | undefined, wanted: Switch | undefined, { note }: { note: string }) =>
    withCommandApp(async (app) => {
      if (key !== undefined && wanted !== undefined) {
        const flag = await setFlag({ app, ...OPERATOR }, { key, ...wanted, note });
        console.log(`${flag.key} is ${switchWords(flag)}.`);
        return;
      }
      const flags = await Promise.all(FLAG_KEYS.map((each) => readFlag(app, each)));
      printTable(
        ['Switch', 'State', 'Since', 'By', 'Why'],
        flags.map((flag) => [
          flag.key,
          switchWords(flag),
          flag.updatedAt?.slice(0, 16).replace('T', ' ') ?? '–',
          flag.updatedBy ?? '–',
          flag.note,
        ]),
      );
    }),
  );

await program.parseAsync();
