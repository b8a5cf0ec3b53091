// Needs no package: this runs before anything is installed.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
process.env['TELLTALE_ROOT'] ??= root;

const LEAST_NODE = [20, 19];

export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = LEAST_NODE;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return;
  give(`Telltale needs Node.js ${LEAST_NODE.join('.')} or newer; this is ${process.versions.node}.`);
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
