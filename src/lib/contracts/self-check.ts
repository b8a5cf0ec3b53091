import { z } from 'zod';

export const SELF_CHECK_STATES = ['running', 'done', 'cancelled', 'interrupted', 'failed'] as const;

export const selfCheckInputSchema = z.strictObject({
  shuffles: z.number().int().min(1).max(1_000).default(100),
  seed: z.number().int().min(0).max(0xffff_ffff).optional().describe('Drawn when left out.'),
});

/** How often anything was called confirmed after the results had been dealt to the outcomes by chance. */
export const selfCheckViewSchema = z
  .object({
    id: z.uuid(),
    state: z.enum(SELF_CHECK_STATES),
    shuffles: z.number().int(),
    done: z.number().int(),
    confirmedIn: z.number().int().describe('Shuffles in which at least one pattern was confirmed.'),
    emergingMean: z.number().nullable().describe('Patterns that ever emerged in a shuffle, on average.'),
    outcomes: z.number().int().describe('Shuffled: the last ones, at most 20,000.'),
    position: z.number().int().describe('Log position of the last of them.'),
    seed: z.number().int(),
    durationMs: z.number(),
    error: z.string().nullable(),
    createdAt: z.string(),
    finishedAt: z.string().nullable(),
  })
  .meta({ id: 'SelfCheck' });
export type SelfCheckView = z.infer<typeof selfCheckViewSchema>;

export const selfCheckListSchema = z
  .object({ running: selfCheckViewSchema.nullable(), items: z.array(selfCheckViewSchema) })
  .meta({ id: 'SelfCheckList' });
export type SelfCheckList = z.infer<typeof selfCheckListSchema>;
