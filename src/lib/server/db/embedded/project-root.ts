import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StartupError } from './startup-error.ts';

const GUARD = join('scripts', 'lib', 'postgres-guard.mjs');

/** The checkout: this module runs from src/ in development and from build/server/chunks/ in production. */
export function findProjectRoot(): string {
  const starts = [process.env['TELLTALE_ROOT'], dirname(fileURLToPath(import.meta.url)), process.cwd()];
  for (const start of starts) {
    for (let folder = start; folder !== undefined;) {
      if (existsSync(join(folder, GUARD))) return folder;
      const parent = dirname(folder);
      folder = parent === folder ? undefined : parent;
    }
  }
  throw new StartupError(
    `The file ${GUARD} that guards the embedded PostgreSQL is missing.\nRestore it, or set DATABASE_URL.`,
  );
}

export function guardPath(): string {
  return join(findProjectRoot(), GUARD);
}
