import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './project.mjs';

/**
 * @typedef {object} RunOptions
 * @property {NodeJS.ProcessEnv} [env] replaces the environment
 * @property {boolean} [quiet] keeps the output for the result instead of showing it
 */

/**
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export function run(command, args, { env = process.env, quiet = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env,
      stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
    // What is interrupted here must not go on in the background.
    let interrupted = false;
    const pass = (/** @type {NodeJS.Signals} */ signal) => {
      interrupted = true;
      child.kill(signal);
    };
    process.once('SIGINT', pass).once('SIGTERM', pass);
    const finish = (/** @type {boolean} */ ok) => {
      process.off('SIGINT', pass).off('SIGTERM', pass);
      if (interrupted) process.exit(1);
      resolve({ ok, output });
    };
    child.once('error', (error) => {
      output += error.message;
      finish(false);
    });
    child.once('close', (code) => finish(code === 0));
  });
}

/**
 * The npm that started us, or the one on the path.
 * @param {string[]} args
 * @param {RunOptions} [options]
 */
export function npm(args, options) {
  const path = process.env['npm_execpath'];
  // Another package manager sets the same variable.
  if (path !== undefined && /npm(-cli)?\.(c?js|mjs)$/.test(path))
    return run(process.execPath, [path, ...args], options);
  return run('npm', args, options);
}

/**
 * A command of an installed package.
 * @param {string} name
 * @param {string[]} args
 * @param {RunOptions} [options]
 */
export function bin(name, args, options) {
  return run(join(root, 'node_modules', '.bin', name), args, options);
}
