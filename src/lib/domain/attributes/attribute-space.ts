import type { Bins } from './bins.ts';
import { planSettings, type SettingPlan } from './setting-plan.ts';
import type { SettingEntry } from './setting-entry.ts';

export const ATTRIBUTE_TYPES = ['string', 'number', 'boolean'] as const;
export type AttributeType = (typeof ATTRIBUTE_TYPES)[number];

interface Searched {
  readonly key: string;
  readonly firstPosition: number;
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
  readonly version: 1;
  /** The last position encoded. */
  readonly position: number;
  /** In slot order: the index is the slot of the columns. */
  readonly searched: readonly SearchedAttribute[];
  /** The first 1,000 attributes beyond the searched ones. */
  readonly stored: readonly StoredAttribute[];
  /** Settings that wait for their position or their attribute. */
  readonly plan: SettingPlan;
}

/**
 * The space before the first entry. For a refold, give every stored setting entry: those that change what
 * earlier entries mean (a choice of attributes, a second cut of one) then hold from the start.
 */
export function createAttributeSpace(settings: readonly SettingEntry[] = []): AttributeSpace {
  return { version: 1, position: 0, searched: [], stored: [], plan: planSettings(settings) };
}
