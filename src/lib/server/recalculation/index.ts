export { createFoldPool, type FoldPool } from './fold-pool.ts';
export { WorkspaceFolds } from './folds.ts';
export { countChecks, readChecks, type FoldCheck } from './check-store.ts';
export { readErrors, type StoredError } from './system-errors.ts';
