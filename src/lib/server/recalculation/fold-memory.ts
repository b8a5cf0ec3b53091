import { createAttributeSpace, type AttributeSpace } from '#lib/domain/attributes/attribute-space.ts';
import type { SettingEntry } from '#lib/domain/attributes/setting-entry.ts';
import { createMetrics, type MetricsState } from '#lib/domain/metrics/metrics-state.ts';
import { emptyColumns, type Columns } from '#lib/domain/patterns/columns.ts';
import { createFoldImage, type FoldImage } from '#lib/domain/patterns/fold-image.ts';

/** What the fold holds as of its position; replaced as a whole after each commit. */
export interface FoldMemory {
  space: AttributeSpace;
  image: FoldImage;
  columns: Columns;
  metrics: MetricsState;
  /** Indexes of the tracked patterns shown first, in order. */
  leaders: readonly number[];
  /** Positions at which online e-BH confirmed something, ascending: one for each that the image counts. */
  confirmations: readonly number[];
  /** The fold's clock: the latest `recordedAt` up to here, so that it never goes back. */
  lastRecordedAtMs: number | null;
  /** Ordinal of the last setting that is in force. */
  settingsSeen: number;
  /** By which the database is asked whether it still has all this. */
  end: LogEnd;
}

/**
 * The last entry and the last setting given to a memory, each named by what no two histories of a database share:
 * where a database goes on from a copy of itself, positions, ordinals and ids are given a second time.
 */
export interface LogEnd {
  readonly entry: { readonly id: number; readonly outcomeId: string } | null;
  /** `recordedAt` to the microsecond, as the database writes it. */
  readonly setting: {
    readonly effectiveAfter: number;
    readonly ordinal: number;
    readonly recordedAt: string;
  } | null;
}

/** Of a log that was not read yet. */
export const NO_END: LogEnd = { entry: null, setting: null };

/** Bounds of an image, from the environment. */
export interface CubeBounds {
  trackedCap: number;
  cellLimit: number;
}

/** The memory before the first entry. `settings`: everything stored, in the order of ordinals. */
export function emptyMemory(cube: CubeBounds, settings: readonly SettingEntry[]): FoldMemory {
  return {
    space: createAttributeSpace(settings),
    image: createFoldImage(cube),
    columns: emptyColumns(),
    metrics: createMetrics(),
    leaders: [],
    confirmations: [],
    lastRecordedAtMs: null,
    settingsSeen: settings.at(-1)?.ordinal ?? 0,
    end: NO_END,
  };
}
