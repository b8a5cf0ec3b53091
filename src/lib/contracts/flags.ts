import { z } from 'zod';

/** Every switch there is, and how it stands before anybody changed it. */
export const FLAGS = {
  /** Live streams. Who has none reads the feed by polling. */
  streaming: { on: true, percent: 100 },
} as const;
export type FlagKey = keyof typeof FLAGS;
export const FLAG_KEYS = Object.keys(FLAGS) as FlagKey[];

export const MAX_NOTE = 200;

export const flagInputSchema = z.object({
  key: z.enum(FLAG_KEYS, `There are the switches ${FLAG_KEYS.join(', ')}.`),
  on: z.boolean('On or off.'),
  percent: z
    .number('A whole number from 0 to 100, such as 25.')
    .int('A whole number, such as 25.')
    .min(0, 'From 0 to 100.')
    .max(100, 'From 0 to 100.'),
  note: z.string().trim().max(MAX_NOTE, `At most ${MAX_NOTE} characters.`).default(''),
});

export interface FlagView {
  key: FlagKey;
  on: boolean;
  percent: number;
  note: string;
  /** Null: nobody has changed it yet. */
  updatedAt: string | null;
  updatedBy: string | null;
}
