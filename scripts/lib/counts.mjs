import { readFileSync } from 'node:fs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/**
 * @param {Counts[]} all
 * @returns {Counts}
 */
export function sum(all) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of all) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  return total;
}

/**
 * The line that CI reads, alone on its line.
 * @param {Counts} counts
 */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/**
 * A runner that ended badly without naming a failed test has failed all the same.
 * @param {Counts} counts
 * @param {boolean} ok
 */
function atLeast(counts, ok) {
  return ok || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}

/**
 * @param {string} file what vitest's json reporter wrote
 * @param {boolean} ok
 * @returns {Counts}
 */
export function vitestCounts(file, ok) {
  const report = read(file);
  if (report === null) return { passed: 0, failed: 1, skipped: 0 };
  // A file that does not load has no tests to fail.
  const broken = report.testResults.filter(
    (/** @type {{ status: string, assertionResults: unknown[] }} */ { status, assertionResults }) =>
      status === 'failed' && assertionResults.length === 0,
  );
  const { numPassedTests, numFailedTests, numPendingTests = 0, numTodoTests = 0 } = report;
  return atLeast(
    {
      passed: numPassedTests,
      failed: numFailedTests + broken.length,
      skipped: numPendingTests + numTodoTests,
    },
    ok,
  );
}

/**
 * @param {string} file what Playwright's json reporter wrote
 * @param {boolean} ok
 * @returns {Counts}
 */
export function playwrightCounts(file, ok) {
  const report = read(file);
  if (report === null) return { passed: 0, failed: 1, skipped: 0 };
  const { expected, flaky, unexpected, skipped } = report.stats;
  return atLeast({ passed: expected + flaky, failed: unexpected, skipped }, ok);
}

/**
 * What failed, by name: a long output hides it.
 * @param {string} file what vitest's json reporter wrote
 * @returns {string[]}
 */
export function vitestFailures(file) {
  /** @type {{ name: string, status: string, assertionResults: { status: string, fullName: string }[] }[]} */
  const files = read(file)?.testResults ?? [];
  return files
    .filter(({ status }) => status === 'failed')
    .flatMap(({ name, assertionResults }) => {
      const failed = assertionResults.filter(({ status }) => status === 'failed');
      return failed.length === 0 ? [name] : failed.map(({ fullName }) => `${name}: ${fullName}`);
    });
}

/** @param {string} file */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}
