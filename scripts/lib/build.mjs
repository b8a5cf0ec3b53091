import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { seconds } from './install.mjs';
import { give, root, say } from './project.mjs';
import { bin, run } from './run.mjs';

const stampFile = join(root, 'build', '.telltale-built');
const INPUTS = [
  ...['src', 'workers', 'static', 'scripts/build-workers.mjs'],
  ...['package.json', 'package-lock.json', 'svelte.config.js', 'vite.config.ts', 'tsconfig.json'],
];

/** Builds the app unless the build of exactly these sources is there. */
export async function ensureBuilt() {
  const wanted = stampOfSources();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  say('Building …');
  const began = Date.now();
  await build({ quiet: true });
  say(`Built in ${seconds(began)}.`);
}

/**
 * Builds the app, whatever is there.
 * @param {{ quiet?: boolean }} [options] `quiet` shows the output only when it fails
 */
export async function build({ quiet = false } = {}) {
  const wanted = stampOfSources();
  const env = { ...process.env };
  // Vite builds for production unless this says otherwise.
  delete env['NODE_ENV'];
  // Without npm and a shell between, which would keep signals from them.
  const steps = [
    () => bin('vite', ['build'], { env, quiet }),
    () => run(process.execPath, [join(root, 'scripts', 'build-workers.mjs')], { env, quiet }),
  ];
  for (const step of steps) {
    const { ok, output } = await step();
    if (!ok) give(`${output.trim()}\nThe build failed.`);
  }
  writeFileSync(stampFile, wanted);
}

export function stampOfSources() {
  const hash = createHash('sha256');
  for (const input of INPUTS) {
    for (const file of filesOf(join(root, input))) {
      hash
        .update(`${relative(root, file)}\0`)
        .update(readFileSync(file))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

/**
 * @param {string} path
 * @returns {string[]}
 */
function filesOf(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return [];
  if (!found.isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesOf(join(path, name)));
}
