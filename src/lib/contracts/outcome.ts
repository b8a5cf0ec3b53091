import { z } from 'zod';

/** NUL and half of a surrogate pair: neither can be stored as text. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;
const STORABLE_WORDS = 'Contains a character that cannot be stored (NUL or half of a pair).';
/** Text that the database can hold. */
export const storableText = () => z.string().refine((text) => !UNSTORABLE.test(text), STORABLE_WORDS);

/** Earliest time that an outcome may have happened, so that a slip of the year is noticed. */
export const EARLIEST_OCCURRED_AT = '1900-01-01T00:00:00Z';

/** How an outcome ended. Mirrors `RESULTS` of domain/outcomes. */
export const resultSchema = z.enum(['success', 'failure', 'neutral']);
export type Result = z.infer<typeof resultSchema>;

export const ATTRIBUTE_KEY = /^[^:\s][^:]{0,63}$/u;
export const MAX_ATTRIBUTES = 64;
export const MAX_OUTCOMES_PER_REQUEST = 5_000;

export const attributeValueSchema = z.union([
  storableText().max(500, 'At most 500 characters.'),
  z.number().refine(Number.isFinite, 'Must be a finite number.'),
  z.boolean(),
]);
export type AttributeValue = z.infer<typeof attributeValueSchema>;

export const attributesSchema = z
  .record(z.string(), z.union([attributeValueSchema, z.null()]))
  .superRefine((attributes, context) => {
    const keys = Object.keys(attributes);
    if (keys.length > MAX_ATTRIBUTES) {
      context.addIssue({
        code: 'custom',
        message: `At most ${MAX_ATTRIBUTES} attributes an outcome; this has ${keys.length}.`,
      });
    }
    for (const key of keys) {
      if (!ATTRIBUTE_KEY.test(key) || UNSTORABLE.test(key)) {
        context.addIssue({
          code: 'custom',
          path: [key],
          message: 'An attribute name has 1 to 64 characters, no colon, and does not start with a space.',
        });
      }
    }
  });

/** A value is kept in steps of 0.0001; beyond a thousand million it is refused. */
export const valueSchema = z
  .number()
  .refine(
    (v) => Number.isFinite(v) && Math.abs(v) <= 1e9,
    'A value is a number between -1,000,000,000 and 1,000,000,000.',
  );

export const subjectSchema = storableText()
  .trim()
  .min(1, 'Say whom or what this outcome is about.')
  .max(200, 'At most 200 characters.');
export const variantSchema = storableText()
  .trim()
  .min(1, 'Leave it out rather than empty.')
  .max(200, 'At most 200 characters.');
export const occurredAtSchema = z.iso
  .datetime({ offset: true, error: 'Write a time with its zone, such as 2026-03-01T16:30:00Z.' })
  .refine((text) => Date.parse(text) >= Date.parse(EARLIEST_OCCURRED_AT), 'This is before 1900.');

/** One outcome as a client sends it: the one shape for form, API, importer and simulator. */
export const outcomeInputSchema = z
  .strictObject({
    externalId: storableText()
      .trim()
      .min(1, 'Leave it out rather than empty.')
      .max(200)
      .nullish()
      .describe('Your own id; sent again it adds nothing.'),
    subject: subjectSchema,
    variant: variantSchema.nullish(),
    journeyId: z.uuid().nullish(),
    result: resultSchema,
    value: valueSchema.nullish(),
    attributes: attributesSchema.default({}),
    occurredAt: occurredAtSchema.nullish().describe('When it happened; the time of recording when left out.'),
    note: storableText().max(2_000).nullish(),
  })
  .meta({ id: 'OutcomeInput' });
export type OutcomeInput = z.infer<typeof outcomeInputSchema>;

export const outcomesInputSchema = z.union([
  outcomeInputSchema,
  z.strictObject({ outcomes: z.array(outcomeInputSchema).min(1).max(MAX_OUTCOMES_PER_REQUEST) }),
]);

/** A correction: what is left out stays as it was. */
export const outcomePatchSchema = z
  .strictObject({
    subject: subjectSchema.optional(),
    variant: variantSchema.nullish(),
    result: resultSchema.optional(),
    value: valueSchema.nullish(),
    attributes: attributesSchema.optional().describe('Replaces all attributes.'),
    occurredAt: occurredAtSchema.optional(),
    note: outcomeInputSchema.shape.note,
  })
  .meta({ id: 'OutcomePatch' });
export type OutcomePatch = z.infer<typeof outcomePatchSchema>;

/** An outcome as the API and the feed show it. */
export const outcomeViewSchema = z
  .object({
    id: z.uuid(),
    externalId: z.string().nullable(),
    subject: z.string(),
    variant: z.string().nullable(),
    journeyId: z.string().nullable(),
    result: resultSchema,
    value: z.number().nullable(),
    attributes: z.record(z.string(), attributeValueSchema),
    note: z.string().nullable(),
    occurredAt: z.string(),
    recordedAt: z.string(),
    recordedBy: z.string().describe('Name of the person or key.'),
    source: z.enum(['form', 'api', 'import', 'simulator']),
    revision: z.number().int().describe('1 at first, one more with each correction.'),
    position: z
      .number()
      .int()
      .nullable()
      .describe('Position of its current entry in the log; null until placed.'),
    backfill: z.boolean(),
    deletedAt: z.string().nullable(),
  })
  .meta({ id: 'Outcome' });
export type OutcomeView = z.infer<typeof outcomeViewSchema>;

/** What a key that may record but not read learns of an outcome that it changed. */
export const outcomeReceiptSchema = outcomeViewSchema
  .pick({ id: true, externalId: true, revision: true, deletedAt: true })
  .meta({ id: 'OutcomeReceipt' });
export type OutcomeReceipt = z.infer<typeof outcomeReceiptSchema>;
export const changedOutcomeSchema = z
  .union([outcomeViewSchema, outcomeReceiptSchema])
  .meta({ id: 'ChangedOutcome' });

export const recordReplySchema = z
  .object({
    accepted: z.number().int(),
    duplicates: z.number().int(),
    items: z.array(
      z.object({
        id: z.uuid(),
        externalId: z.string().nullable(),
        duplicate: z.boolean(),
        differs: z
          .boolean()
          .optional()
          .describe('true: the externalId was known with other content, which stays.'),
      }),
    ),
  })
  .meta({ id: 'RecordReply' });
export type RecordReply = z.infer<typeof recordReplySchema>;

/** One entry of an outcome's history, oldest first. */
export const outcomeHistoryEntrySchema = z.object({
  action: z.enum(['recorded', 'corrected', 'deleted', 'restored']),
  at: z.string(),
  by: z.string(),
  revision: z.number().int(),
  retractPosition: z.number().int().nullable().describe('Where the log took the former facts back.'),
  addPosition: z.number().int().nullable().describe('Where the log counted the new facts.'),
  changes: z
    .array(z.object({ field: z.string(), from: z.unknown(), to: z.unknown() }))
    .describe('Fields that changed; attributes as attributes.name.'),
});
export type OutcomeHistoryEntry = z.infer<typeof outcomeHistoryEntrySchema>;

export const outcomeDetailSchema = outcomeViewSchema
  .extend({ history: z.array(outcomeHistoryEntrySchema).describe('Oldest first.') })
  .meta({ id: 'OutcomeDetail' });
export type OutcomeDetail = z.infer<typeof outcomeDetailSchema>;

export const outcomeQuerySchema = z.object({
  externalId: storableText().max(200).optional(),
  subject: storableText().max(200).optional().describe('Exactly this subject.'),
  result: resultSchema.optional(),
  from: z.coerce.number().int().min(1).optional().describe('First log position.'),
  to: z.coerce.number().int().min(1).optional().describe('Last log position.'),
  deleted: z.enum(['hide', 'show', 'only']).default('hide'),
  limit: z.coerce.number().int().min(1).max(1_000).default(50),
  cursor: z.uuid().optional().describe('`next` of the page before.'),
});
export type OutcomeQuery = z.infer<typeof outcomeQuerySchema>;

export const outcomeListSchema = z
  .object({
    items: z.array(outcomeViewSchema),
    next: z.string().nullable().describe('Cursor of the next page.'),
  })
  .meta({ id: 'OutcomeList' });
export type OutcomeList = z.infer<typeof outcomeListSchema>;
