import { z } from 'zod';
import {
  attributesSchema,
  attributeValueSchema,
  occurredAtSchema,
  storableText,
  subjectSchema,
  variantSchema,
} from './outcome.ts';

export const journeyStateSchema = z.enum(['open', 'succeeded', 'failed', 'neutral', 'expired']);
export type JourneyState = z.infer<typeof journeyStateSchema>;

const stepNameSchema = storableText()
  .trim()
  .min(1, 'Name the step, such as "second call".')
  .max(100, 'At most 100 characters.');

export const journeyInputSchema = z
  .strictObject({
    subject: subjectSchema,
    variant: variantSchema.nullish(),
    attributes: attributesSchema.default({}),
    step: stepNameSchema.nullish().describe('The step it starts with.'),
    openedAt: occurredAtSchema.nullish(),
  })
  .meta({ id: 'JourneyInput' });
export type JourneyInput = z.infer<typeof journeyInputSchema>;

export const journeyStepInputSchema = z
  .strictObject({
    step: stepNameSchema,
    at: occurredAtSchema.nullish(),
    engagement: z.number().min(0).max(1).nullish().describe('0 to 1.'),
    note: storableText().max(2_000).nullish(),
    attributes: attributesSchema.optional().describe('Added to those of the journey; null takes one away.'),
  })
  .meta({ id: 'JourneyStepInput' });
export type JourneyStepInput = z.infer<typeof journeyStepInputSchema>;

export const journeyViewSchema = z
  .object({
    id: z.uuid(),
    subject: z.string(),
    variant: z.string().nullable(),
    state: journeyStateSchema,
    attributes: z.record(z.string(), attributeValueSchema),
    step: z.string().nullable(),
    openedAt: z.string(),
    lastSeenAt: z.string(),
    closedAt: z.string().nullable(),
    outcomeId: z.string().nullable(),
    openedBy: z.string(),
  })
  .meta({ id: 'Journey' });
export type JourneyView = z.infer<typeof journeyViewSchema>;

/** What a key that may record but not read learns of a journey that it added to. */
export const journeyReceiptSchema = journeyViewSchema
  .pick({ id: true, state: true })
  .meta({ id: 'JourneyReceipt' });
export type JourneyReceipt = z.infer<typeof journeyReceiptSchema>;
export const changedJourneySchema = z
  .union([journeyViewSchema, journeyReceiptSchema])
  .meta({ id: 'ChangedJourney' });

export const journeyQuerySchema = z.object({
  state: journeyStateSchema.optional(),
  subject: storableText().max(200).optional().describe('Exactly this subject.'),
  limit: z.coerce.number().int().min(1).max(1_000).default(50),
  cursor: z.uuid().optional().describe('`next` of the page before.'),
});
export type JourneyQuery = z.infer<typeof journeyQuerySchema>;

export const journeyListSchema = z
  .object({ items: z.array(journeyViewSchema), next: z.string().nullable() })
  .meta({ id: 'JourneyList' });
export type JourneyList = z.infer<typeof journeyListSchema>;
