/** `npm run export`: a workspace's outcomes as NDJSON (or CSV), in the order of the log; `npm run record` reads it back. */
import { Command, Option } from 'commander';
import { systemContext } from '#lib/server/auth/authorize.ts';
import { EXPORT_FORMATS, exportOutcomes, type ExportFormat } from '#lib/server/services/export/index.ts';
import { findWorkspace } from '#lib/server/services/workspaces/index.ts';
import { exportThroughApi } from './lib/cli-export.ts';
import { openOutput, type Output } from './lib/cli-output.ts';
import { counted, runCommand, say } from './lib/cli-run.ts';
import { addTargetOptions, targetOf, UsageError } from './lib/cli-target.ts';
import { withCommandApp } from './lib/command-app.ts';

interface Options {
  workspace?: string;
  output?: string;
  format: ExportFormat;
  url?: string;
  key?: string;
}

const command = addTargetOptions(
  new Command('export')
    .description(
      'Writes every outcome that stands, one a line. With --workspace from the database on this machine, otherwise through the API.',
    )
    .option('--workspace <slug>', 'read the database of this installation directly')
    .option('--output <file>', 'a file instead of stdout; packed when it ends in .gz')
    .addOption(
      new Option('--format <format>', 'NDJSON is what record reads back to the same set')
        .choices([...EXPORT_FORMATS])
        .default('ndjson'),
    ),
).exitOverride();

async function run(options: Options, output: Output): Promise<number> {
  if (options.workspace === undefined) {
    if (options.format !== 'ndjson')
      throw new UsageError('Through the API the format is ndjson; for CSV give --workspace.');
    return exportThroughApi(targetOf(options), output.write);
  }
  let count = 0;
  const { workspace, format } = options;
  await withCommandApp(async (app) => {
    count = await exportOutcomes(
      systemContext(app, await findWorkspace(app, workspace), 'command line'),
      format,
      output.write,
    );
  });
  return count;
}

await runCommand(async () => {
  command.parse();
  const options = command.opts<Options>();
  const output = openOutput(options.output);
  try {
    const count = await run(options, output);
    // The command over the database has said already why it failed.
    if (process.exitCode === 1) {
      await output.discard();
      return 1;
    }
    await output.end();
    say(`${counted(count)} outcomes written.`);
    return 0;
  } catch (thrown) {
    await output.discard();
    throw thrown;
  }
});
