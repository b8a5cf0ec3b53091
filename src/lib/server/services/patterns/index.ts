export { getPattern, listPatterns, lookupPattern, patternsVersion } from './read-patterns.ts';
export { matchingPatterns } from './matching-patterns.ts';
