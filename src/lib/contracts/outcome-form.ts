import type { AttributeView } from './fold.ts';

/** What was typed into the record or correct form, as it was typed, so that nothing is ever lost. */
export interface OutcomeFormValues {
  subject: string;
  variant: string;
  journeyId: string;
  result: string;
  value: string;
  when: string;
  note: string;
  attributes: { key: string; value: string; type: AttributeView['type'] }[];
  /** Attributes that this workspace does not know yet. */
  extra: { key: string; value: string }[];
  another: boolean;
  /** Makes a double click or a resend one outcome. */
  once: string;
}

/** An attribute as the form offers it. */
export interface FormAttribute {
  key: string;
  label: string;
  type: AttributeView['type'];
  /** Values that were recorded before, most frequent first. */
  known: string[];
}
