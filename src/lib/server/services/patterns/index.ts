export { getPattern, listPatterns, lookupPattern } from './read-patterns.ts';
