import { z } from 'zod';
import { intervalSchema, PATTERN_STATUSES, TRENDS } from './pattern.ts';

const dayFigures = z.object({
  outcomes: z.number().int(),
  successes: z.number().int(),
  failures: z.number().int(),
  neutral: z.number().int(),
  rate: z.number().nullable(),
  wilson: intervalSchema,
});

export const metricsViewSchema = z
  .object({
    asOf: z.number().int(),
    head: z
      .number()
      .int()
      .describe('Highest position given so far; asOf < head means figures are catching up.'),
    waiting: z.number().int().describe('Recorded, not yet counted.'),
    outcomes: z.number().int(),
    successes: z.number().int(),
    failures: z.number().int(),
    neutral: z.number().int(),
    rate: z.number().nullable(),
    wilson: intervalSchema,
    trend: z.enum(TRENDS),
    recent: z.object({ n: z.number().int(), successes: z.number().int() }).describe('The last 50 at most.'),
    today: dayFigures.describe('Outcomes that happened today in the time zone of the workspace.'),
    openJourneys: z.number().int(),
    tracked: z.number().int(),
    trackedLeftOut: z
      .number()
      .int()
      .describe('Had enough support and found no room when that was last compared, at `trackedLeftOutAt`.'),
    trackedLeftOutAt: z.number().int().describe('Log position; 0 before the first comparison.'),
    byStatus: z.record(z.enum(PATTERN_STATUSES), z.number().int()).describe('Tracked patterns by status.'),
    searched: z
      .number()
      .int()
      .describe(
        'Patterns ever tracked, each with its share of the error budget; one that left and came back counts again.',
      ),
    values: z.object({ n: z.number().int(), sum: z.number(), mean: z.number().nullable() }).nullable(),
    history: z
      .array(z.object({ position: z.number().int(), n: z.number().int(), successes: z.number().int() }))
      .optional()
      .describe('Cumulative counts over log position, for drawing.'),
    behindMs: z
      .number()
      .describe('Age of the oldest recorded outcome that is not counted yet; 0 when none waits.'),
    lastOutcomeAt: z.string().nullable(),
  })
  .meta({ id: 'Metrics' });
export type MetricsView = z.infer<typeof metricsViewSchema>;
