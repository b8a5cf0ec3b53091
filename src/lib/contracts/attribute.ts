import { z } from 'zod';

export const ATTRIBUTE_MODES = ['concurrent', 'period'] as const;

export const attributePatchSchema = z.strictObject({
  mode: z
    .enum(ATTRIBUTE_MODES)
    .describe('concurrent: with outcomes of the same time. period: by period, for what is bound to time.'),
});

/** An attribute as the API shows it. */
export const attributeViewSchema = z
  .object({
    key: z.string(),
    label: z.string(),
    type: z.enum(['string', 'number', 'boolean']),
    searched: z.boolean(),
    state: z.enum(['category', 'binned', 'collecting', 'stored']),
    values: z.array(
      z.object({
        value: z.union([z.string(), z.number(), z.boolean()]),
        label: z.string(),
        n: z.number().int(),
        successes: z.number().int(),
      }),
    ),
    hasOther: z.boolean().describe('There are categories beyond the dictionary, counted together.'),
    edges: z.array(z.number()).nullable(),
    collected: z.number().int().nullable().describe('How many of its first 500 values there are.'),
    comparison: z
      .object({
        mode: z.enum(ATTRIBUTE_MODES),
        by: z.enum(['default', 'finding', 'person']),
        switchShare: z.number().nullable(),
      })
      .nullable()
      .describe('How its patterns are compared; null where it is not searched.'),
  })
  .meta({ id: 'Attribute' });

export const attributeListSchema = z
  .object({ asOf: z.number().int(), items: z.array(attributeViewSchema) })
  .meta({ id: 'AttributeList' });
