import type { Bins } from './bins.ts';
import { planSettings, type SettingPlan } from './setting-plan.ts';
import type { SettingEntry } from './setting-entry.ts';
import type { Switching } from './switching.ts';
import type { ValueClip } from './value-clip.ts';

export const ATTRIBUTE_TYPES = ['string', 'number', 'boolean'] as const;
export type AttributeType = (typeof ATTRIBUTE_TYPES)[number];

export type Mode = 'concurrent' | 'period';

/** How the patterns of an attribute are compared, and who says so. */
export interface AttributeMode {
  readonly mode: Mode;
  /** By a person; else found from its switching. */
  readonly declared: boolean;
  /** The share that the finding rests on; null where a person declared the mode. */
  readonly switchShare: number | null;
}

interface Searched {
  readonly key: string;
  readonly firstPosition: number;
  /** A number's values count by their bins, those before the cut included. */
  readonly switching: Switching;
  /** Null: neither found nor declared, hence concurrent. */
  readonly mode: AttributeMode | null;
}

export interface CategoryAttribute extends Searched {
  readonly type: 'string';
  /** First-seen order: the code of values[i] is i + 1. */
  readonly values: readonly string[];
  /** A value beyond the dictionary has been seen. */
  readonly other: boolean;
}

export interface BooleanAttribute extends Searched {
  readonly type: 'boolean';
}

/** Values of a number attribute that wait for its cut. Retracts are among them, for the backfill. */
export interface PendingValues {
  readonly positions: readonly number[];
  readonly values: readonly number[];
  readonly retracts: readonly boolean[];
  readonly adds: number;
}

export interface NumberAttribute extends Searched {
  readonly type: 'number';
  readonly bins: Bins | null;
  readonly pending: PendingValues;
}

export type SearchedAttribute = CategoryAttribute | BooleanAttribute | NumberAttribute;

/** An attribute that is stored and shown, but has no slot. */
export interface StoredAttribute {
  readonly key: string;
  readonly type: AttributeType;
  readonly firstPosition: number;
}

/**
 * What the encoder knows after an entry: which attributes are searched and what their codes mean.
 *
 * Plain JSON and immutable: a batch whose commit fails is undone by dropping the new space. A function of
 * the log's prefix and the setting entries: a refold gives the same, bit for bit.
 */
export interface AttributeSpace {
  readonly version: 2;
  /** The last position encoded. */
  readonly position: number;
  /** In slot order: the index is the slot of the columns. */
  readonly searched: readonly SearchedAttribute[];
  /** The first 1,000 attributes beyond the searched ones. */
  readonly stored: readonly StoredAttribute[];
  /** Null until found or declared: values count as they are. */
  readonly clip: ValueClip | null;
  /** The values of decided adds while the clip is null. */
  readonly valuesBeforeClip: readonly number[];
  /** Settings that wait for their position or their attribute. */
  readonly plan: SettingPlan;
}

/**
 * The space before the first entry. For a refold, give every stored setting entry: those that change what
 * earlier entries mean (a choice of attributes, a second cut of one) then hold from the start. What the encoder
 * found itself (modes, the clip) may be among them: it is found again, and not decided twice.
 */
export function createAttributeSpace(settings: readonly SettingEntry[] = []): AttributeSpace {
  const plan = planSettings(settings);
  return { version: 2, position: 0, searched: [], stored: [], clip: null, valuesBeforeClip: [], plan };
}
