import type { ImportMapping } from './mapping.ts';

/**
 * Everything that decides which outcomes a file becomes and in which order. Fixed when the check begins: whoever reads
 * the file again by the same plan gets the same outcomes in the same order.
 */
export interface ImportPlan {
  mapping: ImportMapping;
  /** IANA zone of times that say none. */
  timezone: string;
  /** Outcomes after this instant have not happened yet. */
  latestMs: number;
  /** Of the shuffle among rows of the same time. */
  seed: string;
  /** Leave bad rows out rather than refuse the file. */
  skipBad: boolean;
}
