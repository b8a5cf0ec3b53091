import { z } from 'zod';
import { FORM_KEY } from './outcome-form.ts';

const written = z.string().max(20_000);
const pair = { key: written, value: written };

/** What was typed into the outcome form, as `OutcomeFormValues`. */
const formValuesSchema = z.strictObject({
  subject: written,
  variant: written,
  journeyId: written,
  result: written,
  value: written,
  when: written,
  note: written,
  attributes: z.array(z.strictObject({ ...pair, type: z.enum(['string', 'number', 'boolean']) })).max(500),
  extra: z.array(z.strictObject(pair)).max(500),
  another: z.boolean(),
  once: z.string().regex(FORM_KEY, 'A key has 1 to 100 visible ASCII characters.'),
});

/** An outcome that a browser kept until it could be sent: `POST /w/{workspace}/outcomes/new/send`. */
export const keptOutcomeSchema = z.strictObject({
  /** Id of the workspace that it was recorded in; a slug may come to name another. */
  workspace: z.string(),
  /** Id of the person who recorded it; somebody else may be logged in by now. */
  user: z.string(),
  /** By the browser's clock, milliseconds since 1970. Only their difference is believed. */
  recordedAt: z.number(),
  sentAt: z.number(),
  values: formValuesSchema,
});
export type KeptOutcome = z.infer<typeof keptOutcomeSchema>;

/** The answer. `duplicate`: it had come before. */
export interface KeptOutcomeReply {
  id: string;
  duplicate: boolean;
}
