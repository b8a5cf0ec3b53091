import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { complaints, playwrightFailures, vitestFailures } from '../../../scripts/lib/counts.mjs';

const folder = mkdtempSync(join(tmpdir(), 'telltale-counts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function report(content: unknown): string {
  const file = join(folder, 'report.json');
  writeFileSync(file, JSON.stringify(content));
  return file;
}

describe('what failed is told by name and with what it said', () => {
  it('of the browser tests: of groups within files, without colours, and what is no test’s', () => {
    const spec = (title: string, status: string, errors: unknown[]) => ({
      title,
      file: 'a.spec.ts',
      line: 3,
      tests: [{ status, results: [{ errors }] }],
    });
    const message = `\u001b[31mError:\u001b[39m strict mode violation\n  2 elements\n${'x'.repeat(1_000)}`;
    const file = report({
      suites: [
        {
          specs: [spec('passes', 'expected', [])],
          suites: [{ specs: [spec('clicks', 'unexpected', [{ message, location: { line: 7 } }])] }],
        },
        { specs: [spec('says nothing', 'unexpected', [])] },
      ],
      errors: [{ message: 'The server did not start' }],
    });
    const [clicks, ...others] = playwrightFailures(file);
    expect(clicks).toMatch(/^a\.spec\.ts:7: clicks: Error: strict mode violation 2 elements x+$/);
    expect(clicks?.length).toBeLessThan(500);
    expect(others).toEqual(['a.spec.ts:3: says nothing', 'the browser tests: The server did not start']);
  });

  it('of Vitest, also of a file that does not load; nothing where there is no report', () => {
    const file = report({
      testResults: [
        {
          name: 'a.test.ts',
          status: 'failed',
          assertionResults: [
            { status: 'passed', fullName: 'fine' },
            { status: 'failed', fullName: 'adds', failureMessages: ['AssertionError: expected 2\n at x'] },
          ],
        },
        { name: 'b.test.ts', status: 'failed', message: 'Cannot find it', assertionResults: [] },
      ],
    });
    expect(vitestFailures(file)).toEqual([
      'a.test.ts: adds: AssertionError: expected 2 at x',
      'b.test.ts: Cannot find it',
    ]);
    expect(vitestFailures(join(folder, 'none.json'))).toEqual([]);
    expect(playwrightFailures(join(folder, 'none.json'))).toEqual([]);
  });

  it('of a linter: the first lines that complain', () => {
    const output =
      'Checking formatting...\n[\u001b[33mwarn\u001b[39m] src/a.ts\n\nsrc/b.ts\n  3:4  error  No any\n';
    expect(complaints(output)).toEqual(['[warn] src/a.ts', 'src/b.ts: 3:4  error  No any']);
  });
});
