import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ACTIVITY_ACTIONS } from '#lib/contracts/activity.ts';
import { UNTOLD } from '#lib/server/audit/told.ts';

const root = join(import.meta.dirname, '../../../../src/lib');

const sourcesIn = (folder: string): string =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.endsWith('/audit'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');

/** Of what is written by hand; that every `action` is one of them is the compiler's to say. */
it('the acts that are decided about are those of the code: none is missing, none is left over', () => {
  const source = sourcesIn('server') + sourcesIn('domain/attributes');
  const written = [...source.matchAll(/\baction: (?:\w+(?: === '\w+')? \? )?'([a-z-]+\.[a-z-]+)'/g)].map(
    ([, action]) => action,
  );
  const decided: readonly string[] = [...ACTIVITY_ACTIONS, ...UNTOLD];
  expect(written.length).toBeGreaterThan(20);
  expect(
    written.filter((action) => action !== 'attribute.learned' && !decided.includes(action ?? '')),
  ).toEqual([]);
  expect(decided.filter((action) => !source.includes(`'${action}'`))).toEqual([]);
});
