import { z } from 'zod';

export const PATTERN_STATUSES = ['collecting', 'emerging', 'confirmed', 'weakening', 'retired'] as const;
export const TRENDS = ['up', 'down', 'stable', 'collecting'] as const;

/** Why a pattern is folded under another one. */
export const EXPLANATIONS = [
  'closed',
  'restates',
  'only-its-child',
  'overlaps',
  'mirrors',
  'jointly',
  'shadows',
  'not-compared',
] as const;

/** The id of a pattern, which it keeps whenever the log is read anew. */
export const PATTERN_ID = /^p_[\w-]{12}$/;
/** Most patterns that a reader of the feed may choose. */
export const MOST_CHOSEN_PATTERNS = 200;

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

/** Odds against the rest of the same time; an infinite end is null. */
export const oddsRatioSchema = z.object({
  low: z.number().nullable(),
  high: z.number().nullable(),
  estimate: z.number().nullable().describe('Where the likelihood of the grid is highest.'),
});
const position = z.number().int();

/** Values of a pattern (STATISTICS §7), in their own unit. */
export const patternValuesSchema = z.object({
  n: z.number().int().describe('Of all its outcomes, those with a value.'),
  mean: z.number().nullable().describe('Of those `n`, as recorded, nothing cut off.'),
  restN: z.number().int().describe('Of all other outcomes, those with a value.'),
  restMean: z.number().nullable().describe('Of those `restN`, as recorded, nothing cut off.'),
  epoch: z
    .object({
      startedAt: position,
      n: z.number().int(),
      wins: z.number().int().describe('Values above 0.'),
      losses: z.number().int().describe('Values below 0.'),
      mean: z.number().nullable().describe('Of those `n`, within `clip`; null without values.'),
      rest: z
        .object({ n: z.number().int(), mean: z.number() })
        .nullable()
        .describe('The same of all others since `startedAt`; null where none of them has a value.'),
    })
    .nullable()
    .describe(
      'What all figures below rest on: everything, or what came since a change alarm or its pinning. Null where not ' +
        'tracked, and until `clip` is known.',
    ),
  interval: intervalSchema
    .nullable()
    .describe(
      'Exact, always-valid interval of `epoch.mean`. Null without values, and where values have so drifted that it ' +
        'does not hold that mean.',
    ),
  clip: intervalSchema
    .nullable()
    .describe('Values beyond count as the end; null until 500 values have told.'),
  confidence: z
    .number()
    .nullable()
    .describe('That the values are higher than those of the rest of the same time; null where not tracked.'),
  confidenceWorse: z.number().nullable(),
  rawMean: z
    .object({ mean: z.number(), interval: intervalSchema, approximate: z.literal(true) })
    .nullable()
    .optional()
    .describe(
      'Of the values of `epoch` as they are, beyond `clip` too, with an interval for any look; null below 30 values.',
    ),
  profitFactor: z
    .object({
      factor: z.number().nullable().describe('Gains over losses, of `epoch`; null without losses.'),
      interval: intervalSchema
        .nullable()
        .describe('Null while there are too few gains or losses, and while it has no bound.'),
      approximate: z.literal(true),
    })
    .nullable(),
});
export type PatternValuesView = z.infer<typeof patternValuesSchema>;

/** A pattern as the API, the feed and the pages show it. Numbers are unrounded; infinite is null. */
export const patternViewSchema = z
  .object({
    id: z.string().nullable().describe('null for a conjunction that is not tracked.'),
    label: z
      .string()
      .describe('For people: true and false read yes and no. `conditions` has values as `where` takes them.'),
    conditions: z.array(conditionSchema),
    n: z.number().int(),
    successes: z.number().int(),
    rate: z.number().nullable(),
    wilson: intervalSchema.describe('95 % Wilson interval, single look.'),
    rateAnyLook: intervalSchema
      .optional()
      .describe('95 % interval of the rate, valid under continuous looking while the rate stays the same.'),
    rest: sideSchema,
    lift: z.number().nullable(),
    oddsRatio: oddsRatioSchema
      .nullable()
      .describe(
        'Always-valid 95 % interval against the rest of the same time; an infinite end is null. Null where not ' +
          'tracked, and for a time-bound pattern.',
      ),
    pValue: z.number().nullable().describe('Always-valid, since its epoch began; null where not tracked.'),
    pValueSingleLook: z.number(),
    pValueMethod: z.enum(['mid-p', 'z']),
    confidence: z
      .number()
      .nullable()
      .describe(
        'E/(E+5): evidence that it is better than the rest of the same time; null where not tracked.',
      ),
    confidenceWorse: z.number().nullable().describe('The same for worse.'),
    weightedConfidence: z
      .number()
      .nullable()
      .describe('Of the stronger side, after paying for everything searched: confirmed alone from 0.8.'),
    direction: z
      .enum(['better', 'worse'])
      .nullable()
      .describe('The side on which it emerges or is confirmed; null while it does neither.'),
    status: z.enum([...PATTERN_STATUSES, 'untracked']),
    statusAt: position.nullable().describe('Log position since which it has this status.'),
    trend: z.enum(TRENDS).nullable().describe('Last 50 against all before; null where not tracked.'),
    recent: z
      .object({ n: z.number().int(), successes: z.number().int() })
      .nullable()
      .describe('Its last 50.'),
    epoch: z
      .object({ n: z.number().int(), successes: z.number().int(), startedAt: position })
      .nullable()
      .describe('What the evidence rests on: everything, or what came since a change alarm or its pinning.'),
    confirmedAt: position.nullable(),
    changed: z
      .object({
        at: position,
        side: z.enum(['up', 'down']),
        before: z
          .object({
            n: z.number().int(),
            successes: z.number().int(),
            rest: z.object({ n: z.number().int(), successes: z.number().int() }),
          })
          .nullable()
          .optional()
          .describe(
            'Of `n` and `rest`, what was counted up to the alarm; the others came since. Null while a correction is not ' +
              'in its evidence yet, and where its evidence has begun anew once more.',
          ),
        moved: z
          .enum(['pattern', 'rest', 'both'])
          .nullable()
          .optional()
          .describe(
            'Whose rate those counts say has moved, valid at every look; null where they do not tell. `pattern` does not ' +
              'say that the rest stood still.',
          ),
      })
      .nullable()
      .describe(
        'The last change alarm: its odds against the rest of the same time became higher (up) or lower. That may be ' +
          'because it has changed, or because the rest has.',
      ),
    recounting: z.boolean().describe('A correction touched it and is not yet in its evidence.'),
    recountedAt: position.nullable(),
    pinned: z.boolean(),
    pinnedOnly: z.boolean().describe('Has too few outcomes to be searched; watched because it is pinned.'),
    period: z.boolean().describe('One of its attributes is bound to time, so periods are compared.'),
    concurrency: z
      .number()
      .nullable()
      .describe(
        'How much of it could be compared with outcomes of the same time, about 0 to 1. Null for a time-bound pattern.',
      ),
    comparable: z
      .boolean()
      .nullable()
      .describe(
        'False: in effect no comparable outcomes at the same time, or, time-bound, the other periods are too few ' +
          'or do not agree among themselves, or this one does not within itself. Null where it cannot be said.',
      ),
    explainedBy: z
      .object({ id: z.string(), label: z.string(), reason: z.enum(EXPLANATIONS) })
      .nullable()
      .describe('The pattern under which this one is folded.'),
    explains: z.number().int().describe('How many patterns are folded under it.'),
    values: patternValuesSchema.nullable().describe('Null where no outcome has a value.'),
    since: position
      .nullable()
      .describe('Log position of its admission: of its pinning as long as it has too few outcomes.'),
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
/** Characters of an id that is asked for, and of a condition. */
export const MAX_PATTERN_ID = 80;
export const MAX_WHERE = 600;
export const patternQuerySchema = z.object({
  status: z
    .enum([...PATTERN_STATUSES])
    .optional()
    .describe(
      'Of tracked patterns; retired: those that a person retired. One that has left its place, for patterns with more ' +
        'outcomes, is retired too and not listed: its id still leads to its counts and its history (to these alone where its bands are no more).',
    ),
  sort: z.enum(PATTERN_SORTS).default('leading'),
  order: z.enum(['asc', 'desc']).optional(),
  view: z
    .enum(['leaders', 'all'])
    .default('all')
    .describe('leaders: what stands and no other pattern explains.'),
  pinned: z.enum(['true', 'false']).optional(),
  explainedBy: z
    .string()
    .max(MAX_PATTERN_ID)
    .optional()
    .describe('Only those folded under this pattern; `none`: only those that nothing explains.'),
  direction: z
    .enum(['better', 'worse'])
    .optional()
    .describe('The side that its evidence is on; while it collects, its rate.'),
  depth: z.coerce.number().int().min(1).max(3).optional(),
  search: z.string().max(200).optional(),
  where: z
    .union([z.string().max(MAX_WHERE), z.array(z.string().max(MAX_WHERE)).max(3)])
    .optional()
    .describe('Only those that have these conditions, each as attribute:value.'),
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
