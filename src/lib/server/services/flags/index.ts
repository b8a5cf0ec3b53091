export { createFlags, type FlagsService } from './flags.ts';
export { readFlag } from './read-flag.ts';
export { setFlag } from './set-flag.ts';
