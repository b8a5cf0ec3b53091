import { z } from 'zod';
import {
  changedJourneySchema,
  journeyInputSchema,
  journeyListSchema,
  journeyReceiptSchema,
  journeyStepInputSchema,
  journeyViewSchema,
} from './journey.ts';
import { deltaSchema } from './feed.ts';
import { metricsViewSchema } from './metrics.ts';
import {
  changedOutcomeSchema,
  outcomeDetailSchema,
  outcomeInputSchema,
  outcomeListSchema,
  outcomePatchSchema,
  outcomeReceiptSchema,
  outcomesInputSchema,
  outcomeViewSchema,
  recordReplySchema,
} from './outcome.ts';
import { patternListSchema, patternViewSchema } from './pattern.ts';
import { problemSchema } from './problem.ts';

/** One pattern, and what it stands for. */
export const patternReplySchema = z.object({ asOf: z.number().int(), ...patternViewSchema.shape });

export const healthSchema = z.object({
  status: z.enum(['ok', 'degraded']),
  instance: z.string(),
  uptimeSeconds: z.number(),
  database: z.object({ state: z.enum(['up', 'down']), ms: z.number().optional() }),
  redis: z.object({ state: z.enum(['absent', 'up', 'down']) }),
  folds: z.object({ served: z.number().int(), led: z.number().int(), failed: z.number().int() }),
  feed: z.object({ streams: z.number().int(), sequencing: z.boolean() }),
  queues: z
    .object({
      entriesWaiting: z.number().int().describe('Log entries without a position.'),
      foldLagMs: z.number().describe('Age of the oldest log entry that is not counted.'),
      eventsWaiting: z.number().int().describe('Feed events without a place in the sequence.'),
      feedLagMs: z.number().describe('Age of the oldest of them.'),
    })
    .nullable(),
});

export const readinessSchema = z.object({
  ready: z.boolean(),
  checks: z.object({
    database: z.boolean(),
    migrated: z.boolean(),
    sequencer: z.boolean(),
    fold: z.boolean(),
  }),
});

export const feedPollSchema = z.object({
  epoch: z.string(),
  from: z.string(),
  to: z.string(),
  events: z.array(deltaSchema),
  reset: z.unknown().optional(),
  snapshot: z.unknown().optional(),
});

/** What clients send, by the name it has in the document. */
export const API_REQUESTS = {
  OutcomeInput: outcomeInputSchema,
  OutcomesInput: outcomesInputSchema,
  OutcomePatch: outcomePatchSchema,
  JourneyInput: journeyInputSchema,
  JourneyStepInput: journeyStepInputSchema,
} satisfies Record<string, z.ZodType>;

/** What they get. */
export const API_REPLIES = {
  Outcome: outcomeViewSchema,
  OutcomeReceipt: outcomeReceiptSchema,
  ChangedOutcome: changedOutcomeSchema,
  OutcomeDetail: outcomeDetailSchema,
  OutcomeList: outcomeListSchema,
  RecordReply: recordReplySchema,
  Journey: journeyViewSchema,
  JourneyReceipt: journeyReceiptSchema,
  ChangedJourney: changedJourneySchema,
  JourneyList: journeyListSchema,
  Pattern: patternViewSchema,
  PatternReply: patternReplySchema,
  PatternList: patternListSchema,
  Metrics: metricsViewSchema,
  Delta: deltaSchema,
  FeedPoll: feedPollSchema,
  Health: healthSchema,
  Readiness: readinessSchema,
  Problem: problemSchema,
} satisfies Record<string, z.ZodType>;
