/** `npm run record -- FILE`: checks a CSV file or an export, and records it through the API. */
import { Command, InvalidArgumentError } from 'commander';
import { isTimezone } from '#lib/contracts/identity.ts';
import { checkCsv, type CsvOptions } from './lib/cli-csv.ts';
import { openTextFile, type TextFile } from './lib/cli-file.ts';
import { checkNdjson } from './lib/cli-ndjson.ts';
import { counted, runCommand, say } from './lib/cli-run.ts';
import { sendInBatches, sendLive } from './lib/cli-send.ts';
import { addTargetOptions, targetOf, UsageError } from './lib/cli-target.ts';

interface Options extends CsvOptions {
  url?: string;
  key?: string;
  rate?: number;
  batch: number;
  dryRun?: boolean;
}

const list = (text: string, before: string[] = []) => [
  ...before,
  ...text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
];
const each = (text: string, before: string[] = []) => [...before, text];

function numberBetween(low: number, high: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!Number.isFinite(value) || value < low || value > high)
      throw new InvalidArgumentError(`A number between ${low} and ${high}.`);
    return value;
  };
}

const command = addTargetOptions(
  new Command('record')
    .description(
      'Records a CSV file, or what npm run export wrote. Options that are left out are guessed; nothing is sent before every row is checked.',
    )
    .argument('<file>', 'CSV (comma, semicolon, tab or |) or NDJSON, also packed with gzip')
    .option('--success <column=value>', 'which value of which column means success (repeatable)', each)
    .option('--neutral <column=value>', 'a value that counts neither way (repeatable)', each)
    .option('--time <column>', 'when it happened; rows are recorded in this order')
    .option('--time-format <format>', 'how dates are written, such as iso, dmy-slash, mdy-slash, dmy-dot')
    .option('--timezone <zone>', 'of dates that name none', 'UTC')
    .option('--subject <column>', 'whom or what it is about')
    .option('--value <column>', 'what it is worth')
    .option('--variant <column>', 'which variant of an experiment')
    .option('--note <column>', 'free text')
    .option('--external-id <column>', 'an id of your own; rows seen before add nothing')
    .option('--attributes <columns>', 'only these columns as attributes', list)
    .option('--ignore <columns>', 'leave these columns out, such as what is known only afterwards', list)
    .option('--as <column=type>', 'category, number or boolean, whatever it looks like (repeatable)', each)
    .option('--skip-bad', 'leave bad rows out rather than refuse the file', false)
    .option('--shuffle <seed>', 'record in a random order that the seed decides')
    .option('--rate <per second>', 'send so many a second, as happening now', numberBetween(0.01, 5_000))
    .option('--batch <size>', 'outcomes a request', numberBetween(1, 5_000), 2_000)
    .option('--dry-run', 'check only'),
).exitOverride();

async function isNdjson(file: TextFile): Promise<boolean> {
  if (/\.(ndjson|jsonl)(\.gz)?$/iu.test(file.path)) return true;
  for await (const piece of file.pieces()) return piece.trimStart().startsWith('{');
  return false;
}

await runCommand(async () => {
  command.parse();
  const options = command.opts<Options>();
  const [path = ''] = command.args;
  if (!isTimezone(options.timezone))
    throw new UsageError(`${options.timezone} is no time zone, such as Europe/Lisbon.`);
  const target = options.dryRun === true ? null : targetOf(options);
  const started = performance.now();
  const file = await openTextFile(path);
  const checked = (await isNdjson(file)) ? await checkNdjson(file, options) : await checkCsv(file, options);
  if (target === null) {
    say(`${counted(checked.total)} outcomes can be recorded. Nothing was sent.`);
    return 0;
  }
  const { added, duplicates, differing } =
    options.rate === undefined
      ? await sendInBatches(target, checked, options.batch)
      : await sendLive(target, checked, options.rate);
  const seconds = (performance.now() - started) / 1_000;
  const again = duplicates === 0 ? '' : `, ${counted(duplicates)} known already`;
  const other = differing === 0 ? '' : ` (${counted(differing)} of them with other content, which stays)`;
  const skipped = checked.skipped === 0 ? '' : `, ${counted(checked.skipped)} left out`;
  process.stdout.write(
    `${counted(added)} outcomes added${again}${other}${skipped}, in ${seconds.toFixed(1)} s.\n`,
  );
  return 0;
});
