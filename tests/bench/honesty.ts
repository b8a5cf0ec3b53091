/*
 * How honest the evidence is, by simulation over the fold itself:
 *   npm run bench -- honesty [--only single|families|miner|corrections] [--quick]
 * Progress on stderr, tables for docs/performance.md on stdout. Seeded: the same figures every time.
 */
import { Command, Option } from 'commander';
import { Pool } from './honesty/pool.ts';
import { reportMixed, reportNull } from './honesty/report-families.ts';
import { reportMiner } from './honesty/report-miner.ts';
import { reportSingle } from './honesty/report-single.ts';
import type { FamilyRun } from './honesty/run-family.ts';
import type { MinerRun } from './honesty/run-miner.ts';
import { SINGLE_ROWS } from './honesty/single-rows.ts';
import type { StreamAlarms } from './honesty/single-streams.ts';
import type { Work } from './honesty/work.ts';
import {
  CORRECTED_FAMILIES,
  LONG_FAMILIES,
  MINER_WORLDS,
  MIXED_FAMILIES,
  NULL_FAMILIES,
} from './honesty/worlds.ts';

const PARTS = ['single', 'families', 'miner', 'corrections'] as const;
type Part = (typeof PARTS)[number];

/** Runs of each scenario. */
const RUNS = {
  full: { single: 2_000, families: 200, long: 60, miner: 40 },
  quick: { single: 400, families: 20, long: 6, miner: 8 },
} as const;

const options = new Command('honesty')
  .addOption(new Option('--only <part>', 'one part of it').choices(PARTS))
  .option('--quick', 'fewer runs: to see that it works')
  .parse()
  .opts<{ only?: Part; quick?: boolean }>();

const runs = RUNS[options.quick === true ? 'quick' : 'full'];
const pool = new Pool();
const started = Date.now();

async function runAll<Result>(
  kind: Work['kind'],
  scenarios: readonly { readonly name: string }[],
  count: number,
  atOnce: number,
): Promise<Map<string, Result[]>> {
  const found = new Map<string, Result[]>();
  for (const { name } of scenarios) {
    const results = await pool.run<Result>(kind, name, count, atOnce, (done) => {
      const seconds = Math.round((Date.now() - started) / 1_000);
      if (done % (atOnce * 10) === 0 || done === count) {
        process.stderr.write(`${seconds} s  ${kind} ${name}: ${done} of ${count}\n`);
      }
    });
    found.set(name, results);
  }
  return found;
}

const print = (title: string, text: string): void => void process.stdout.write(`### ${title}\n\n${text}\n\n`);

const REPORTS: Record<Part, () => Promise<void>> = {
  async single() {
    const found = await runAll<StreamAlarms>('single', SINGLE_ROWS, runs.single, 100);
    print('One pattern watched', reportSingle(found));
  },
  async families() {
    const none = await runAll<FamilyRun>('family', NULL_FAMILIES, runs.families, 4);
    print('Families in which nothing is real', reportNull(NULL_FAMILIES, none));
    const mixed = await runAll<FamilyRun>('family', MIXED_FAMILIES, runs.families, 4);
    const long = await runAll<FamilyRun>('family', LONG_FAMILIES, runs.long, 2);
    const worlds = [...MIXED_FAMILIES, ...LONG_FAMILIES];
    print('Families in which something is real', reportMixed(worlds, new Map([...mixed, ...long])));
  },
  async miner() {
    const found = await runAll<MinerRun>('miner', MINER_WORLDS, runs.miner, 2);
    print('Planted causes among the leaders', reportMiner(MINER_WORLDS, found));
  },
  async corrections() {
    const found = await runAll<FamilyRun>('family', CORRECTED_FAMILIES, runs.families, 4);
    const none = CORRECTED_FAMILIES.filter(({ planted }) => planted.length === 0);
    const real = CORRECTED_FAMILIES.filter(({ planted }) => planted.length > 0);
    const text = [reportNull(none, found), '', reportMixed(real, found)].join('\n');
    print('Families with corrections', text);
  },
};

await pool.open();
try {
  for (const part of options.only === undefined ? PARTS : [options.only]) await REPORTS[part]();
} finally {
  await pool.close();
}
process.stderr.write(`${Math.round((Date.now() - started) / 1_000)} s in all\n`);
