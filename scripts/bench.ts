import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Command } from 'commander';

/** Benchmarks by name; each prints what it measured, for docs/performance.md. */
const BENCHES: Record<string, string> = {
  fold: 'the fold alone: counting at 16 attributes, the bank file, memory',
  import: 'the bank file end to end through the built server',
  latency: 'T0 to T4 at 50 outcomes/s with 50 feed readers and a browser',
  feed: 'deliveries per CPU-second and latency of the feed alone',
};

new Command('bench')
  .argument('[names...]', `which ones: ${Object.keys(BENCHES).join(', ')}; all when left out`)
  .addHelpText(
    'after',
    `\n${Object.entries(BENCHES)
      .map(([name, what]) => `  ${name.padEnd(9)}${what}`)
      .join('\n')}`,
  )
  .action((names: string[]) => {
    for (const name of names.length > 0 ? names : Object.keys(BENCHES)) {
      if (!(name in BENCHES)) {
        console.error(`There is no benchmark "${name}". Known: ${Object.keys(BENCHES).join(', ')}.`);
        process.exit(2);
      }
      console.log(`\n## ${name}: ${BENCHES[name]}\n`);
      const file = join(import.meta.dirname, '..', 'tests', 'bench', `${name}.ts`);
      const { status } = spawnSync(process.execPath, ['--import', 'tsx', file], { stdio: 'inherit' });
      if (status !== 0) process.exit(status ?? 1);
    }
  })
  .parse();
