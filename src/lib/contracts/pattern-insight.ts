import { z } from 'zod';
import {
  conditionSchema,
  EXPLANATIONS,
  intervalSchema,
  MAX_WHERE,
  oddsRatioSchema,
  PATTERN_STATUSES,
  patternViewSchema,
} from './pattern.ts';

/** What can happen to a pattern, in words that stay. */
export const PATTERN_EVENTS = [
  'emerging',
  'lost',
  'confirmed',
  'weakening',
  'strengthened',
  'change-up',
  'change-down',
  'period',
  'concurrent',
  'recounted',
  'supported',
  'pinned',
  'unpinned',
  'retired',
  'resumed',
  'evicted',
  'reread',
] as const;

const position = z.number().int();
const side = z.enum(['better', 'worse']);

/** A point that was kept (FINE-PRINT 13): as of the batch that ended at `position`. */
export const historyPointSchema = z.object({
  position,
  at: z.string().describe('When it was applied.'),
  n: z.number().int(),
  successes: z.number().int(),
  rate: z.number().nullable(),
  wilson: intervalSchema,
  confidence: z.number(),
  confidenceWorse: z.number(),
  confidenceBefore: z.number().nullable().describe('Of the point before; null for the first.'),
  logE: z.number().describe('Natural logarithm of the stronger side’s e-value.'),
  status: z.enum(PATTERN_STATUSES),
  events: z
    .array(z.object({ kind: z.enum(PATTERN_EVENTS), side, position }))
    .describe(
      'What happened to it in that batch. `reread`: the log was read anew, as after new bands; the events after it are ' +
        'all of that reading, and points and events before it are of another.',
    ),
  trigger: z
    .object({ position, outcomeId: z.string(), subject: z.string(), variant: z.string().nullable() })
    .nullable()
    .describe('The last outcome of the batch in which it counts.'),
  processingMs: z.number().nullable().describe('What the batch took to fold.'),
});
export type HistoryPoint = z.infer<typeof historyPointSchema>;

export const patternHistorySchema = z
  .object({
    asOf: position,
    id: z.string(),
    items: z.array(historyPointSchema).describe('Ascending.'),
    epochs: z
      .array(z.object({ until: position.nullable(), side }))
      .describe(
        'Whose evidence the points are, ascending: a point is of the first epoch whose `until` is after it; null: the one ' +
          'under way. An epoch ends with a change alarm, with another way to compare, when the log is read anew, or when the pattern leaves. `side`: ' +
          'where it stood at the end, or stands now; else the stronger one. Of the points of an epoch read that side’s ' +
          'confidence: a pattern may have been worse before an alarm and be better since.',
      ),
    next: z.string().nullable().describe('Cursor to older points.'),
  })
  .meta({ id: 'PatternHistory' });
export type PatternHistory = z.infer<typeof patternHistorySchema>;
/** Whose evidence the points of a history are; the last one is under way. */
export type HistoryEpoch = PatternHistory['epochs'][number];

export const historyQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(400),
  cursor: z.string().max(40).optional(),
});

/** Evidence of one pattern along the log, replayed now from all that stands. */
export const trajectorySchema = z
  .object({
    asOf: position,
    id: z.string(),
    startedAt: position.describe('Position after which its evidence begins.'),
    points: z
      .array(
        z.object({
          position,
          n: z.number().int(),
          successes: z.number().int(),
          restN: z.number().int(),
          restSuccesses: z.number().int(),
          logEPlus: z.number(),
          logEMinus: z.number(),
          confidence: z.number(),
          confidenceWorse: z.number(),
          oddsRatio: oddsRatioSchema.nullable(),
        }),
      )
      .describe('At most 400, ascending.'),
    needed: z
      .array(z.object({ position, logE: z.number() }))
      .describe('Log E that confirmed took from each position on; it falls with every confirmation.'),
  })
  .meta({ id: 'PatternTrajectory' });
export type PatternTrajectory = z.infer<typeof trajectorySchema>;

const countsSchema = z.object({
  n: z.number().int(),
  successes: z.number().int(),
  rate: z.number().nullable(),
  wilson: intervalSchema,
});

const relatedSchema = z.object({
  id: z.string().nullable(),
  label: z.string(),
  conditions: z.array(conditionSchema),
  ...countsSchema.shape,
});

/** A pattern that stands and shares outcomes with another. */
export const similarPatternSchema = z.object({
  ...relatedSchema.shape,
  status: z.enum(PATTERN_STATUSES),
  direction: z.enum(['better', 'worse']).describe('The side on which it stands.'),
  jaccard: z.number().describe('Of the last 4,096 outcomes: those in both over those in either.'),
});

/** Why a pattern is not compared within a simpler one. */
export const NOT_COMPARED = [
  'not-standing',
  'other-side',
  'closed',
  'explained',
  'no-place',
  'not-yet',
] as const;
export type NotCompared = (typeof NOT_COMPARED)[number];

/** All that a page says when somebody asks "why". */
export const patternWhySchema = z
  .object({
    asOf: position,
    pattern: patternViewSchema,
    conditions: z
      .array(z.object({ ...conditionSchema.shape, ...countsSchema.shape, id: z.string().nullable() }))
      .describe('Each condition alone.'),
    then: z
      .object({
        position,
        at: z.string().nullable(),
        ...countsSchema.shape,
        rest: countsSchema,
        confidence: z.number().nullable().describe('null where its evidence began later.'),
        confidenceWorse: z.number().nullable(),
      })
      .nullable()
      .describe(
        'Thirty days or 1,000 outcomes ago, whichever is nearer; 1,000 outcomes ago where nothing came for thirty days. Null where the log has no such place.',
      ),
    movers: z
      .array(
        z.object({
          position,
          outcomeId: z.string().nullable(),
          subject: z.string().nullable(),
          variant: z.string().nullable(),
          result: z.enum(['success', 'failure']),
          logEChange: z.number().describe('What it added to log E of the side shown.'),
          logE: z.number().describe('After it.'),
        }),
      )
      .describe('The last twenty outcomes at which its evidence moved, newest first.'),
    side,
    recentResults: z
      .string()
      .describe('Its last outcomes, at most 50, oldest first: 1 a success, 0 a failure.'),
    parents: z
      .array(
        z.object({
          ...relatedSchema.shape,
          confidence: z
            .number()
            .nullable()
            .describe('That within this simpler pattern the further conditions matter; null: not compared.'),
          through: position
            .nullable()
            .describe('The comparison is as of here: the last time that patterns were folded under others.'),
          notCompared: z
            .enum(NOT_COMPARED)
            .nullable()
            .describe(
              'Why not: one of the two does not stand, or on the other side; nearly the same outcomes; another pattern explains it already; no place was free; not asked since it stands.',
            ),
        }),
      )
      .describe('Every simpler pattern it contains.'),
    explains: z
      .array(z.object({ ...relatedSchema.shape, reason: z.enum(EXPLANATIONS) }))
      .describe(
        'Folded under it, the strongest first, at most 100 of them: `pattern.explains` says how many.',
      ),
    similar: z.array(similarPatternSchema),
    budget: z.object({
      gamma: z.number().describe('Its share of the whole error budget of 1.'),
      falseDiscoveryRate: z.number(),
      logENeeded: z.number().describe('At this it would be confirmed alone, today.'),
      logE: z.number().describe('Of the side on which it stands, or else the stronger one.'),
      searched: z.number().int().describe('Shares given among patterns with as many conditions.'),
      rejections: z.number().int().describe('Confirmations ever.'),
      spent: z.number().describe('Sum of all shares given.'),
    }),
  })
  .meta({ id: 'PatternWhy' });
export type PatternWhy = z.infer<typeof patternWhySchema>;

export const compareQuerySchema = z.object({
  ids: z.string().max(200).describe('Two ids, with a comma between them.'),
});

export const patternComparisonSchema = z
  .object({
    asOf: position,
    items: z.array(patternViewSchema).length(2),
    overlap: z.object({
      both: z.number().int(),
      either: z.number().int(),
      jaccard: z.number().nullable().describe('Both over either, of everything counted.'),
    }),
    difference: z.object({
      rate: z.number().nullable().describe('First minus second.'),
      interval: intervalSchema.describe('Newcombe, 95 %, as if the two shared no outcome.'),
      note: z.string(),
    }),
  })
  .meta({ id: 'PatternComparison' });
export type PatternComparison = z.infer<typeof patternComparisonSchema>;

export const pinInputSchema = z.strictObject({
  where: z
    .array(z.string().max(MAX_WHERE))
    .min(1, 'Name one to three conditions.')
    .max(3, 'At most three conditions make a pattern.')
    .describe('Conditions as attribute:value.'),
});

/** A choice takes effect at the next batch; `position` says after which one it was asked for. */
export const patternChoiceSchema = z
  .object({
    id: z.string().nullable().describe('null while a pinned conjunction is not watched yet.'),
    label: z.string(),
    conditions: z.array(conditionSchema),
    choice: z.enum(['pin', 'unpin', 'retire', 'resume']),
    changed: z.boolean().describe('False: it was so already.'),
  })
  .meta({ id: 'PatternChoice' });
export type PatternChoice = z.infer<typeof patternChoiceSchema>;

/** What was looked at to find the patterns, and what that costs. */
export const searchFamilySchema = z
  .object({
    asOf: position,
    tracked: z.number().int(),
    trackedCap: z.number().int(),
    pinned: z.number().int(),
    pinnedOnly: z
      .number()
      .int()
      .describe('Of the places for what is pinned without enough outcomes; `tracked` leaves them out.'),
    pinnedOnlyCap: z.number().int(),
    born: z.number().int().describe('Tracked ever.'),
    leftOut: z.number().int().describe('Supported, and no room, when that was last compared.'),
    leftOutAt: position.describe('Where it was; 0 before the first comparison.'),
    cells: z.number().int().describe('Conjunctions that are counted.'),
    tuplesOutside: z
      .number()
      .int()
      .describe('Sets of attributes beyond the table; looked up by reading the log.'),
    pairsLeftOut: z.number().int(),
    epochs: z.number().int().describe('Begun anew by change alarms.'),
    rejections: z.number().int().describe('Confirmations ever.'),
    falseDiscoveryRate: z.number(),
    budgetSpent: z.number().describe('Of 1.'),
    byDepth: z.array(
      z.object({
        depth: z.number().int(),
        tracked: z.number().int(),
        shares: z.number().int().describe('Given at births and new epochs.'),
        budget: z.number().describe('Of all patterns with as many conditions, of 1.'),
        spent: z.number(),
      }),
    ),
    byStatus: z.record(z.enum(PATTERN_STATUSES), z.number().int()),
    leaders: z.number().int(),
    explained: z.number().int(),
  })
  .meta({ id: 'SearchFamily' });
export type SearchFamily = z.infer<typeof searchFamilySchema>;
