// SvelteKit does not bundle worker threads, so they are a small build of their own.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './lib/project.mjs';

const folder = join(root, 'workers');
const entryPoints = (existsSync(folder) ? readdirSync(folder) : [])
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
  .map((name) => join(folder, name));

await build({
  absWorkingDir: root,
  entryPoints,
  outdir: join(root, 'build', 'workers'),
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  // A worker and the pool must share one piscina for its transfer symbols.
  external: ['piscina'],
  logLevel: 'warning',
});
