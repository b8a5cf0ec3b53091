import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { buildSync } from 'esbuild';
import { ensureBuilt } from './lib/build.mjs';

/** Benchmarks by name; each prints what it measured, for docs/performance.md. */
const BENCHES: Record<string, string> = {
  fold: 'the fold alone: counting at 16 attributes, the bank file, memory',
  import: 'the bank file end to end through the built server',
  'page-cost': 'CPU, heap and long tasks of the live page with live on and off',
  latency: 'T0 to T4 at 50 outcomes/s with 50 feed readers and a browser',
  fanout: 'the feed beside ws, socket.io, better-sse and sveltekit-sse; SIGTERM with 5,000 streams',
  'feed-limits': 'memory of a connection, resuming, and a drain with 5,000 streams',
  faults: 'the feed under faults: what clients hold equals a SELECT; longer than in npm test',
  start: 'a start with a million outcomes, from the snapshot and from the log',
  refold: 'the whole log of a million outcomes read again, as verify-log does',
  list: 'the list of 4,000 patterns in Chromium, scrolled with and without live outcomes',
  honesty: 'false alarms and findings by simulation over the fold',
  bank: 'the confirmed leaders of the bank file',
};

/** The fold runs as in its worker: as one file, since calls between modules cost more under tsx. */
function bundled(file: string): string {
  const outfile = join(mkdtempSync(join(tmpdir(), 'telltale-bench-')), 'fold.mjs');
  const support = join(import.meta.dirname, '..', 'tests', 'support');
  buildSync({
    entryPoints: [file],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    define: { 'import.meta.dirname': JSON.stringify(support) },
  });
  return outfile;
}

// Most of them start the server.
await ensureBuilt();
new Command('bench')
  .argument('[names...]', `which ones: ${Object.keys(BENCHES).join(', ')}; all when left out`)
  .addHelpText(
    'after',
    `\n${Object.entries(BENCHES)
      .map(([name, what]) => `  ${name.padEnd(13)}${what}`)
      .join('\n')}`,
  )
  .option(
    '--only <part>',
    'honesty: single, families, miner or corrections; fanout: a candidate; faults: a fault, as F14',
  )
  .option('--quick', 'honesty, fanout, faults: less of it')
  .action((names: string[], options: { only?: string; quick?: boolean }) => {
    const forwarded = [
      ...(options.only === undefined ? [] : ['--only', options.only]),
      ...(options.quick === true ? ['--quick'] : []),
    ];
    for (const name of names.length > 0 ? names : Object.keys(BENCHES)) {
      if (!(name in BENCHES)) {
        console.error(`There is no benchmark "${name}". Known: ${Object.keys(BENCHES).join(', ')}.`);
        process.exit(2);
      }
      console.log(`\n## ${name}: ${BENCHES[name]}\n`);
      const file = join(import.meta.dirname, '..', 'tests', 'bench', `${name}.ts`);
      const args =
        name === 'fold'
          ? [bundled(file)]
          : ['--import', 'tsx', file, ...(['honesty', 'fanout', 'faults'].includes(name) ? forwarded : [])];
      const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
      if (status !== 0) process.exit(status ?? 1);
    }
  })
  .parse();
