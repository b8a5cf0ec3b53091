import { spawnSync } from 'node:child_process';

/**
 * The faults of tests/integration/feed/faults and tests/e2e/feed-faults.spec.ts, longer and larger. Each prints its
 * seed. Run: npm run bench -- faults [--quick] [--only F14]
 */
const scale = process.argv.includes('--quick') ? '3' : '10';
const env = { ...process.env, FAULTS_SCALE: process.env['FAULTS_SCALE'] ?? scale };
/** A fault's name, as the tests have it. */
const at = process.argv.indexOf('--only');
const name = at === -1 ? null : (process.argv[at + 1] ?? '');
if (name !== null && !/^F\d+$/.test(name)) throw new Error('--only names a fault, such as F14.');
const named = (flag: string): string[] => (name === null ? [] : [flag, `\\b${name}\\b`]);
const run = (...args: string[]): number => spawnSync('npx', args, { stdio: 'inherit', env }).status ?? 1;

const failed =
  run(
    'vitest',
    'run',
    '--project',
    'integration',
    '--reporter',
    'verbose',
    'tests/integration/feed/faults',
    ...named('-t'),
  ) + run('playwright', 'test', 'tests/e2e/feed-faults.spec.ts', '--pass-with-no-tests', ...named('-g'));
process.exit(failed === 0 ? 0 : 1);
