import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

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
 * What failed, by name and with what it said: a long output hides it.
 * @param {string} file what vitest's json reporter wrote
 * @returns {string[]}
 */
export function vitestFailures(file) {
  /** @type {{ name: string, status: string, message?: string, assertionResults: { status: string, fullName: string, failureMessages?: string[] }[] }[]} */
  const files = read(file)?.testResults ?? [];
  return files
    .filter(({ status }) => status === 'failed')
    .flatMap(({ name, message, assertionResults }) => {
      const failed = assertionResults.filter(({ status }) => status === 'failed');
      return failed.length === 0
        ? [told(name, message)]
        : failed.map(({ fullName, failureMessages }) => told(`${name}: ${fullName}`, failureMessages?.[0]));
    });
}

/**
 * The same of the browser tests.
 * @param {string} file what Playwright's json reporter wrote
 * @returns {string[]}
 */
export function playwrightFailures(file) {
  /**
   * @typedef {{ message?: string, location?: { line: number } }} Fault
   * @typedef {{ title: string, file: string, line: number, tests: { status: string, results: { errors: Fault[] }[] }[] }} Spec
   * @typedef {{ specs?: Spec[], suites?: Suite[] }} Suite
   */
  /** @type {{ suites?: Suite[], errors?: Fault[] } | null} */
  const report = read(file);
  /** @type {(suite: Suite) => Spec[]} */
  const specsOf = ({ specs = [], suites = [] }) => [...specs, ...suites.flatMap(specsOf)];
  const tests = specsOf(report ?? {}).flatMap(({ title, file: name, line, tests: all }) =>
    all
      .filter(({ status }) => status === 'unexpected')
      .map(({ results }) => {
        const fault = results.flatMap(({ errors }) => errors)[0];
        return told(`${name}:${fault?.location?.line ?? line}: ${title}`, fault?.message);
      }),
  );
  // What is no test's: the server that did not start, a file that does not load.
  return [...tests, ...(report?.errors ?? []).map(({ message }) => told('the browser tests', message))];
}

/**
 * The first lines that say what is wrong.
 * @param {string} output of a linter or a type checker
 * @returns {string[]}
 */
export function complaints(output) {
  let file = '';
  const found = [];
  for (const line of stripVTControlCharacters(output).split('\n')) {
    const text = line.trim();
    // The file stands on a line of its own, before what is wrong in it.
    if (/^\S+\.\w+(:\d+)*$/.test(text)) file = text;
    else if (/error|warn/i.test(text))
      found.push(/\.\w+/.test(text) || file === '' ? text : `${file}: ${text}`);
  }
  return found.slice(0, 5);
}

/** Enough of a message to know which wait or which comparison it was. */
const LETTERS = 400;

/**
 * @param {string} name
 * @param {string} [message]
 */
function told(name, message = '') {
  const plain = stripVTControlCharacters(message).replace(/\s+/g, ' ').trim();
  return plain === '' ? name : `${name}: ${plain.slice(0, LETTERS)}`;
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
