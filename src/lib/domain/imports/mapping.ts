import type { NumberStyle } from './parse-number.ts';
import type { TimeFormat } from './time-formats.ts';

export const ATTRIBUTE_TYPES = ['string', 'number', 'boolean'] as const;
export type AttributeType = (typeof ATTRIBUTE_TYPES)[number];

/** A column that becomes an attribute. */
export interface AttributeColumn {
  column: number;
  key: string;
  type: AttributeType;
  numberStyle: NumberStyle;
}

/** How the columns of a file become outcomes. Columns are counted from 0. */
export interface ImportMapping {
  outcome: number;
  /** Values of the outcome column that mean success; `neutral` ones count neither way; every other one is a failure. */
  success: string[];
  neutral: string[];
  /** Null: "row 17". */
  subject: number | null;
  /** Null: made from the file's digest and the row's number, so that the same file adds nothing twice. */
  externalId: number | null;
  /** Null: recorded as happening now, in the file's order. */
  time: { column: number; format: TimeFormat } | null;
  value: { column: number; numberStyle: NumberStyle } | null;
  variant: number | null;
  note: number | null;
  attributes: AttributeColumn[];
}

/** The columns that a mapping uses for something other than an attribute. */
export function roleColumns(mapping: ImportMapping): Map<number, string> {
  const roles = new Map<number, string>();
  const put = (column: number | null | undefined, role: string) => {
    if (column !== null && column !== undefined) roles.set(column, role);
  };
  put(mapping.note, 'note');
  put(mapping.variant, 'variant');
  put(mapping.value?.column, 'value');
  put(mapping.externalId, 'own id');
  put(mapping.subject, 'subject');
  put(mapping.time?.column, 'time');
  put(mapping.outcome, 'outcome');
  return roles;
}
