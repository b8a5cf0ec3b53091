export { getPattern, listPatterns, lookupPattern } from './read-patterns.ts';
export { matchingPatterns } from './matching-patterns.ts';
