import { z } from 'zod';
import { activityListSchema, activityViewSchema } from './activity.ts';
import { foldCheckListSchema, foldCheckViewSchema } from './fold-check.ts';
import {
  changedJourneySchema,
  journeyInputSchema,
  journeyListSchema,
  journeyReceiptSchema,
  journeyStepInputSchema,
  journeyViewSchema,
} from './journey.ts';
import { attributeListSchema, attributePatchSchema, attributeViewSchema } from './attribute.ts';
import { deltaSchema, resetSchema, snapshotSchema } from './feed.ts';
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
import {
  patternChoiceSchema,
  patternComparisonSchema,
  patternHistorySchema,
  patternWhySchema,
  pinInputSchema,
  searchFamilySchema,
  similarPatternSchema,
  trajectorySchema,
} from './pattern-insight.ts';
import { peopleHereSchema, personHereSchema } from './presence.ts';
import { problemSchema } from './problem.ts';
import { selfCheckInputSchema, selfCheckListSchema, selfCheckViewSchema } from './self-check.ts';

/** One pattern, what it stands for, and those that are like it. */
export const patternReplySchema = z.object({
  asOf: z.number().int(),
  ...patternViewSchema.shape,
  similar: z.array(similarPatternSchema),
});

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
  checks: z
    .object({
      sound: z.number().int().describe('Workspaces whose state was what their log gives when last checked.'),
      differing: z.number().int().describe('Workspaces where it was not.'),
      lastAt: z.string().nullable(),
    })
    .nullable(),
});

export const readinessSchema = z.object({
  ready: z.boolean(),
  checks: z.object({
    accepting: z.boolean(),
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
  streaming: z.boolean().describe('false: streaming is switched off for this reader; go on polling.'),
  reset: resetSchema.optional(),
  snapshot: z.array(snapshotSchema).optional().describe('What there is as of `to`.'),
});

/** What clients send, by the name it has in the document. */
export const API_REQUESTS = {
  OutcomeInput: outcomeInputSchema,
  OutcomesInput: outcomesInputSchema,
  OutcomePatch: outcomePatchSchema,
  JourneyInput: journeyInputSchema,
  JourneyStepInput: journeyStepInputSchema,
  PinInput: pinInputSchema,
  AttributePatch: attributePatchSchema,
  SelfCheckInput: selfCheckInputSchema,
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
  PatternHistory: patternHistorySchema,
  PatternTrajectory: trajectorySchema,
  PatternWhy: patternWhySchema,
  PatternComparison: patternComparisonSchema,
  PatternChoice: patternChoiceSchema,
  SearchFamily: searchFamilySchema,
  Attribute: attributeViewSchema,
  AttributeList: attributeListSchema,
  SelfCheck: selfCheckViewSchema,
  SelfCheckList: selfCheckListSchema,
  Metrics: metricsViewSchema,
  PersonHere: personHereSchema,
  PeopleHere: peopleHereSchema,
  Delta: deltaSchema,
  Snapshot: snapshotSchema,
  Reset: resetSchema,
  FeedPoll: feedPollSchema,
  Activity: activityViewSchema,
  ActivityList: activityListSchema,
  FoldCheck: foldCheckViewSchema,
  FoldCheckList: foldCheckListSchema,
  Health: healthSchema,
  Readiness: readinessSchema,
  Problem: problemSchema,
} satisfies Record<string, z.ZodType>;
