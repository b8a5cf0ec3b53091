// Needs no package: this runs before anything is installed.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
process.env['TELLTALE_ROOT'] ??= root;
/** Remembered before anything takes time: see watchNpm in serve.mjs. */
export const firstParent = process.ppid;

const LEAST_NODE = [20, 19];

export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = LEAST_NODE;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return;
  give(`Telltale needs Node.js ${LEAST_NODE.join('.')} or newer; this is ${process.versions.node}.`);
}

/** Reads .env for the server; what the environment already says goes before it. */
export function loadSettings() {
  const file = join(root, '.env');
  if (existsSync(file)) process.loadEnvFile(file);
}

/**
 * Ends with a message for the person at the terminal.
 * @param {string} message
 * @returns {never}
 */
export function give(message) {
  console.error(message);
  process.exit(1);
}

/** @param {string} message progress goes to stderr: stdout belongs to the line that says where to go */
export function say(message) {
  console.error(message);
}
