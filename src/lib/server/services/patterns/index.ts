export { choosePattern, pinConditions } from './choose-pattern.ts';
export { comparePatterns } from './compare-patterns.ts';
export { matchingPatterns } from './matching-patterns.ts';
export { patternHistory } from './pattern-history.ts';
export { findTrajectory, patternTrajectory } from './pattern-trajectory.ts';
export { patternOrFormer, patternWhy } from './pattern-why.ts';
export {
  getPattern,
  listPatterns,
  lookupPattern,
  patternsVersion,
  similarPatterns,
} from './read-patterns.ts';
export { searchFamily } from './search-family.ts';
