import { z } from 'zod';

export const PATTERN_STATUSES = ['collecting', 'emerging', 'confirmed', 'weakening', 'retired'] as const;
export const TRENDS = ['up', 'down', 'stable', 'collecting'] as const;

export const conditionSchema = z.object({
  attribute: z.string(),
  value: z.union([z.string(), z.number(), z.boolean()]),
});
export type Condition = z.infer<typeof conditionSchema>;

export const intervalSchema = z.object({ low: z.number(), high: z.number() });
export type Interval = z.infer<typeof intervalSchema>;

const sideSchema = z.object({
  n: z.number().int(),
  successes: z.number().int(),
  rate: z.number().nullable(),
  wilson: intervalSchema.optional(),
});

/** A pattern as the API, the feed and the pages show it. Numbers are unrounded; infinite is null. */
export const patternViewSchema = z
  .object({
    id: z.string().nullable().describe('null for a conjunction that is not tracked.'),
    label: z.string(),
    conditions: z.array(conditionSchema),
    n: z.number().int(),
    successes: z.number().int(),
    rate: z.number().nullable(),
    wilson: intervalSchema.describe('95 % Wilson interval, single look.'),
    rest: sideSchema,
    lift: z.number().nullable(),
    oddsRatio: z
      .object({ low: z.number().nullable(), high: z.number().nullable() })
      .nullable()
      .describe('Always-valid interval; null until evidence is gathered.'),
    pValue: z.number().nullable().describe('Always-valid; null until evidence is gathered.'),
    pValueSingleLook: z.number(),
    pValueMethod: z.enum(['mid-p', 'z']),
    confidence: z.number().nullable().describe('E/(E+5) of the e-process; null until evidence is gathered.'),
    weightedConfidence: z.number().nullable(),
    direction: z.enum(['better', 'worse']).nullable(),
    status: z.enum([...PATTERN_STATUSES, 'untracked']),
    trend: z.enum(TRENDS).nullable().describe('Last 50 against all before; null where it was not computed.'),
    values: z.object({ n: z.number().int(), mean: z.number().nullable() }).nullable(),
    since: z.number().int().nullable().describe('Log position of its admission.'),
    updatedAt: z.string().nullable(),
  })
  .meta({ id: 'Pattern' });
export type PatternView = z.infer<typeof patternViewSchema>;

export const patternListSchema = z
  .object({
    asOf: z.number().int(),
    total: z.number().int().describe('How many match the query.'),
    items: z.array(patternViewSchema),
    next: z.string().nullable(),
  })
  .meta({ id: 'PatternList' });
export type PatternList = z.infer<typeof patternListSchema>;

export const PATTERN_SORTS = [
  'leading',
  'confidence',
  'n',
  'rate',
  'lift',
  'p',
  'label',
  'position',
] as const;
export const patternQuerySchema = z.object({
  status: z.enum([...PATTERN_STATUSES]).optional(),
  sort: z.enum(PATTERN_SORTS).default('leading'),
  order: z.enum(['asc', 'desc']).optional(),
  view: z.enum(['leaders', 'all']).default('all'),
  direction: z.enum(['better', 'worse']).optional().describe('Rate above or below the rest (raw).'),
  depth: z.coerce.number().int().min(1).max(3).optional(),
  search: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(50),
  cursor: z.string().max(200).optional(),
});
export type PatternQuery = z.infer<typeof patternQuerySchema>;

/** The way round in which a list is read when nobody says otherwise. */
export const NATURAL_ORDER: Record<PatternQuery['sort'], 'asc' | 'desc'> = {
  leading: 'desc',
  confidence: 'desc',
  n: 'desc',
  rate: 'desc',
  lift: 'desc',
  p: 'asc',
  label: 'asc',
  position: 'desc',
};
