export { createFoldPool, type FoldPool } from './fold-pool.ts';
export { WorkspaceFolds } from './folds.ts';
