// npm test: everything, also on a fresh machine. `npm test -- unit` runs a part; names of files narrow it further.
// Ends with "N passed, N failed" alone on a line.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBrowser } from './lib/browser.mjs';
import { ensureBuilt } from './lib/build.mjs';
import {
  closingLine,
  complaints,
  playwrightCounts,
  playwrightFailures,
  sum,
  vitestCounts,
  vitestFailures,
} from './lib/counts.mjs';
import { ensureInstalled, seconds } from './lib/install.mjs';
import { give, requireNode, root, say } from './lib/project.mjs';
import { bin, npm } from './lib/run.mjs';

/** @typedef {import('./lib/counts.mjs').Counts} Counts */

const PASSED = { passed: 1, failed: 0, skipped: 0 };
const FAILED = { passed: 0, failed: 1, skipped: 0 };
const results = join(root, 'test-results');
// A test that connects to whatever the shell points at would write into somebody's real data.
const {
  DATABASE_URL: _database,
  REDIS_URL: _redis,
  TELLTALE_DATA: _data,
  NODE_ENV: _mode,
  ...env
} = process.env;

/** @type {string[]} */
const failures = [];
/** @type {Record<string, () => Promise<Counts>>} */
const STEPS = {
  lint: () => script('lint'),
  check: () => script('check'),
  unit: () => vitest('unit'),
  integration: () => vitest('integration'),
  build: async () => {
    await ensureBuilt();
    return PASSED;
  },
  e2e: playwright,
};

requireNode();
const asked = process.argv.slice(2);
const filters = asked.filter((word) => !(word in STEPS));
const unknown = filters.filter((word) => !word.startsWith('-') && !existsSync(join(root, word)));
if (unknown.length > 0) {
  give(`There is no part or file called ${unknown.join(', ')}. Parts: ${Object.keys(STEPS).join(', ')}.`);
}
const named = asked.filter((word) => word in STEPS);
const steps = named.length > 0 ? named : filters.length > 0 ? partsOf(filters) : Object.keys(STEPS);

await ensureInstalled();
await bin('svelte-kit', ['sync'], { env, quiet: true });
mkdirSync(results, { recursive: true });

/** @type {Counts[]} */
const counts = [];
// These two use one core each.
const together = ['lint', 'check'];
await Promise.all(together.filter((name) => steps.includes(name)).map(take));
for (const name of Object.keys(STEPS)) if (steps.includes(name) && !together.includes(name)) await take(name);
for (const failure of failures) say(`failed: ${failure}`);
const total = sum(counts);
console.log(closingLine(total));
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

/** @param {string} name of a step */
async function take(name) {
  say(`── ${name}`);
  const began = Date.now();
  const count = (await STEPS[name]?.()) ?? FAILED;
  counts.push(count);
  if (count.failed > 0) failures.push(`${name}: ${count.failed}`);
  say(`── ${name}: ${closingLine(count)} (${seconds(began)})`);
}

/** @param {string} name of a script of package.json */
async function script(name) {
  const { ok, output } = await npm(['run', '--silent', name], { env, quiet: true });
  console.log(output.trimEnd());
  if (!ok) failures.push(...complaints(output).map((line) => `${name}: ${line}`));
  return ok ? PASSED : FAILED;
}

/** @param {string} project */
async function vitest(project) {
  const file = join(results, `vitest-${project}.json`);
  rmSync(file, { force: true });
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${file}`];
  const { ok } = await bin('vitest', ['run', '--project', project, ...reporters, ...filters], { env });
  failures.push(...vitestFailures(file));
  return vitestCounts(file, ok);
}

async function playwright() {
  if (!existsSync(join(root, 'playwright.config.ts'))) {
    say('There is no playwright.config.ts.');
    return FAILED;
  }
  const browser = await ensureBrowser();
  if (browser === null) {
    say('No Chromium was found. Install one (Debian: apt-get install chromium), or set CHROMIUM_PATH.');
    return FAILED;
  }
  await ensureBuilt();
  const file = join(results, 'playwright.json');
  rmSync(file, { force: true });
  const { ok } = await bin('playwright', ['test', '--reporter=line,json', ...filters], {
    env: { ...env, CHROMIUM_PATH: browser, PLAYWRIGHT_JSON_OUTPUT_NAME: file },
  });
  failures.push(...playwrightFailures(file));
  return playwrightCounts(file, ok);
}

/** @param {string[]} files */
function partsOf(files) {
  const parts = ['unit', 'integration', 'e2e'].filter((part) =>
    files.some((file) => file.includes(`tests/${part}`)),
  );
  return parts.length > 0 ? parts : ['unit'];
}
