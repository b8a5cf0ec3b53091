import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { say } from './project.mjs';
import { run } from './run.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MAC_CHROME = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/** The Chromium for the end-to-end tests; on Debian as root one is installed when there is none. */
export async function ensureBrowser() {
  const found = findBrowser();
  if (found !== null) return found;
  if (existsSync('/etc/debian_version') && process.getuid?.() === 0) {
    say('Installing Chromium …');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const steps = [['update'], ['install', '-y', '--no-install-recommends', 'chromium', 'fonts-liberation']];
    for (const step of steps) {
      const { ok, output } = await run('apt-get', step, { env, quiet: true });
      if (!ok) say(output.trim().split('\n').slice(-5).join('\n'));
    }
  }
  return findBrowser();
}

function findBrowser() {
  const given = process.env['CHROMIUM_PATH'];
  if (given !== undefined && given !== '') return existsSync(given) ? given : null;
  return NAMES.map(which).find((path) => path !== null) ?? (existsSync(MAC_CHROME) ? MAC_CHROME : null);
}

/** @param {string} name */
function which(name) {
  try {
    return execFileSync('which', [name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch (error) {
    // It answers with exit code 1 when there is none.
    if (error instanceof Error && 'status' in error && error.status === 1) return null;
    throw error;
  }
}
