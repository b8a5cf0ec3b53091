export { connectOrStart, type EmbeddedConnection } from './connect-or-start.ts';
export { startEmbeddedPostgres, type EmbeddedOptions } from './start.ts';
export type { EmbeddedLog, EmbeddedPostgres, EmbeddedState } from './supervise.ts';
export { StartupError } from './startup-error.ts';
