import type { ColumnAdvice } from '#domain/imports/guess-mapping.ts';
import type { ImportMapping } from '#domain/imports/mapping.ts';
import type { ColumnProfile } from '#domain/imports/profile-columns.ts';
import type { ImportView } from './feed.ts';

/** An upload is never longer than this, unpacked. */
export const MAX_IMPORT_BYTES = 256 * 1024 * 1024;

/** A column as the mapping page shows it. */
export interface ImportColumn extends ColumnProfile {
  advice: ColumnAdvice;
}

/** Everything that the page of one import needs. */
export interface ImportDetail {
  view: ImportView;
  bytes: number;
  encoding: string;
  separator: string;
  timezone: string;
  columns: ImportColumn[];
  /** Rows that the proposal was made from. */
  looked: number;
  /** Chosen before, remembered from a file with the same columns, or proposed; null when nobody can tell the outcome. */
  mapping: ImportMapping | null;
  mappingFrom: 'chosen' | 'remembered' | 'proposed';
  /** Why this column is taken for the outcome. */
  outcomeReason: string | null;
  /** The dates fit more than one format. */
  timeUncertain: boolean;
  /** The same file was imported before: it adds nothing again. */
  before: { id: string; fileName: string; finishedAt: string } | null;
  startedBy: string;
}
