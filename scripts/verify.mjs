// npm run verify: what can be known without a database, quickly: format, lint, types, unit tests, architecture.
import { availableParallelism } from 'node:os';
import { ensureInstalled, seconds } from './lib/install.mjs';
import { requireNode, say } from './lib/project.mjs';
import { bin } from './lib/run.mjs';

requireNode();
await ensureInstalled();
await bin('svelte-kit', ['sync'], { quiet: true });

/** @param {string} name */
const cached = (name) => ['--cache', '--cache-location', `node_modules/.cache/${name}`];

// Longest first.
const waiting = [
  {
    name: 'types',
    command: () =>
      bin('svelte-check', ['--tsconfig', './tsconfig.json', '--fail-on-warnings'], { quiet: true }),
  },
  {
    name: 'lint',
    command: () => bin('eslint', [...cached('eslint/'), '--cache-strategy', 'content', '.'], { quiet: true }),
  },
  {
    name: 'unit tests and architecture',
    command: () => bin('vitest', ['run', '--project', 'unit', '--reporter=dot'], { quiet: true }),
  },
  {
    name: 'format',
    command: () => bin('prettier', ['--check', ...cached('prettier'), '.'], { quiet: true }),
  },
];

async function work() {
  for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
    const began = Date.now();
    const { ok, output } = await task.command();
    say(`${ok ? '✓' : '✗'} ${task.name} (${seconds(began)})`);
    if (ok) continue;
    say(output.trim());
    process.exitCode = 1;
  }
}

await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
