// The feed's client for scripts of other projects: one file without dependencies, and its types.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';
import ts from 'typescript';
import { root } from './lib/project.mjs';

const out = join(root, 'dist', 'feed-client');
const types = join(out, 'types');
const entry = join(root, 'src', 'lib', 'live', 'feed-client.ts');

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: [entry],
  outfile: join(out, 'index.js'),
  bundle: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  mainFields: ['module', 'main'],
  logLevel: 'warning',
});

const program = ts.createProgram([entry], {
  declaration: true,
  emitDeclarationOnly: true,
  outDir: types,
  rootDir: join(root, 'src', 'lib'),
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  allowImportingTsExtensions: true,
  strict: true,
  skipLibCheck: true,
  types: [],
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
});
const { diagnostics } = program.emit();
if (diagnostics.length > 0) {
  console.error(ts.formatDiagnostics(diagnostics, ts.createCompilerHost({})));
  process.exit(1);
}

// Others know neither our short names nor that imports name sources.
for (const name of readdirSync(types, { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.d.ts')) continue;
  const file = join(types, name);
  const text = readFileSync(file, 'utf8').replace(
    /(from |import\()(['"])(#lib\/|#domain\/|\.)([^'"]*)\.ts\2/g,
    (_, word, quote, start, rest) => {
      if (start === '.') return `${word}${quote}.${rest}.js${quote}`;
      const target = join(types, start === '#domain/' ? 'domain' : '', rest);
      const path = relative(dirname(file), target);
      return `${word}${quote}${path.startsWith('.') ? path : `./${path}`}.js${quote}`;
    },
  );
  writeFileSync(file, text);
}
