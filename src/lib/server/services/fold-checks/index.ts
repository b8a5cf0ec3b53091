export { readFoldChecks } from './read-fold-checks.ts';
export { startFoldCheck } from './start-fold-check.ts';
