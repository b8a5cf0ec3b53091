import { z } from 'zod';
import { activityListSchema, activityQuerySchema } from './activity.ts';
import { foldCheckListSchema, foldCheckViewSchema } from './fold-check.ts';
import { feedPollSchema, healthSchema, patternReplySchema, readinessSchema } from './api-schemas.ts';
import { attributeListSchema, attributePatchSchema, attributeViewSchema } from './attribute.ts';
import { FEED_TOPICS, SNAPSHOT_MODES } from './feed.ts';
import {
  changedJourneySchema,
  journeyInputSchema,
  journeyListSchema,
  journeyQuerySchema,
  journeyStepInputSchema,
  journeyViewSchema,
} from './journey.ts';
import { metricsViewSchema } from './metrics.ts';
import {
  changedOutcomeSchema,
  outcomeDetailSchema,
  outcomeListSchema,
  outcomePatchSchema,
  outcomeQuerySchema,
  outcomesInputSchema,
  recordReplySchema,
} from './outcome.ts';
import { MOST_CHOSEN_PATTERNS, patternListSchema, patternQuerySchema } from './pattern.ts';
import {
  compareQuerySchema,
  historyQuerySchema,
  patternChoiceSchema,
  patternComparisonSchema,
  patternHistorySchema,
  patternWhySchema,
  pinInputSchema,
  searchFamilySchema,
  trajectorySchema,
} from './pattern-insight.ts';
import { peopleHereSchema } from './presence.ts';
import { selfCheckInputSchema, selfCheckListSchema, selfCheckViewSchema } from './self-check.ts';

/** One method of one path of the API, as the document shows it. */
export interface Operation {
  id: string;
  method: 'get' | 'post' | 'patch' | 'delete';
  path: string;
  tag: 'outcomes' | 'journeys' | 'patterns' | 'attributes' | 'metrics' | 'feed' | 'operation';
  summary: string;
  description?: string;
  /** What the key must be allowed (`analyse` is of the scope manage); null: anybody may ask. */
  permission: 'read' | 'record' | 'analyse' | 'manage' | null;
  query?: z.ZodObject;
  headers?: {
    name: string;
    in: 'header';
    required: false;
    schema: { type: 'string' };
    description: string;
  }[];
  body?: {
    /** The operation has a use without one. */
    optional?: boolean;
    schema: z.ZodType;
    examples: Record<string, { value: unknown }>;
    linesExample?: string;
  };
  reply: { status: number; description: string; schema?: z.ZodType; type?: string; example?: unknown };
  /** Besides those that every operation has. */
  errors?: number[];
  /** Of those that every operation has, what this one never answers. */
  never?: number[];
  /** What an error means here, where it is not what it means elsewhere. */
  words?: Readonly<Record<number, string>>;
}

const header = (name: string, description: string) => ({
  name,
  in: 'header' as const,
  required: false as const,
  schema: { type: 'string' as const },
  description,
});
const IDEMPOTENCY = header(
  'Idempotency-Key',
  'Sent again within 24 hours with the same body, the request changes nothing and gets the same answer, with ' +
    '`Idempotent-Replayed: true`. With another body: 422. While the first still runs: 409.',
);
const IF_MATCH = header('If-Match', 'ETag of the revision that you saw; 412 when it has changed since.');
const SINCE = header('Last-Event-ID', 'Cursor to continue from; wins over `since`.');

/** What was recorded before is not for a key that may only record. */
const RECEIPT = 'Without the permission `read` only its receipt.';

const ID = '01997a3e-6f1c-7b32-8d0a-5f3b2c1d0e4f';
const outcome = {
  externalId: 'call-20417-3',
  subject: 'client 20417',
  result: 'success',
  value: 1200,
  attributes: { contact: 'cellular', marital: 'single', age: 33, housing: false },
  occurredAt: '2026-03-01T16:30:00+01:00',
};
const whereSchema = z.object({
  where: z.array(z.string()).min(1).max(3).describe('A condition as attribute:value; one to three times.'),
});
const feedQuerySchema = z.object({
  topics: z
    .string()
    .optional()
    .describe(`Comma-separated, of ${FEED_TOPICS.join(', ')}; all when left out.`),
  patterns: z
    .string()
    .optional()
    .describe(
      `Comma-separated or repeated, at most ${MOST_CHOSEN_PATTERNS} ids: of the topic patterns only these. All when left ` +
        'out; an id that there is not (yet) is no error.',
    ),
  since: z.string().optional().describe('Cursor to continue from; the head when left out.'),
  snapshot: z
    .string()
    .optional()
    .describe(
      `What there is, before what changes: ${SNAPSHOT_MODES.join(', ')} (after a reset, also at the start, or never), ` +
        'or, comma-separated, the topics of which at the start.',
    ),
  user: z.string().optional().describe('With a session: the id of whose page asks; 401 if it is not theirs.'),
});

const FEED_WORDS = {
  400: 'The address is wrong: a parameter, or with a session no workspace. Trying again is useless.',
};

const chosen = {
  status: 200,
  description: 'In force, or soon: the answer waits for it at most a second and a half.',
  schema: patternChoiceSchema,
};

/** The four choices about a tracked pattern. */
const choice = (
  name: 'pin' | 'unpin' | 'retire' | 'resume',
  summary: string,
  description: string,
): Operation => ({
  id: `${name}Pattern`,
  method: 'post',
  path: `/api/v1/patterns/{id}/${name}`,
  tag: 'patterns',
  summary,
  description,
  permission: 'analyse',
  reply: chosen,
});

export const API_OPERATIONS: readonly Operation[] = [
  {
    id: 'recordOutcomes',
    method: 'post',
    path: '/api/v1/outcomes',
    tag: 'outcomes',
    summary: 'Record one outcome or up to 5,000',
    description:
      'All or nothing. An externalId that is known adds nothing and is answered with `duplicate: true`, and with ' +
      '`differs: true` when its content is another. The order of the items is their order in the log.',
    permission: 'record',
    headers: [IDEMPOTENCY],
    body: {
      schema: outcomesInputSchema,
      examples: {
        one: { value: outcome },
        many: {
          value: {
            outcomes: [
              outcome,
              { subject: 'client 20431', result: 'failure', attributes: { contact: 'unknown' } },
            ],
          },
        },
      },
      linesExample:
        '{"subject":"client 20417","result":"success"}\n{"subject":"client 20431","result":"failure"}\n',
    },
    reply: {
      status: 201,
      description: 'Recorded; figures follow within a fraction of a second.',
      schema: recordReplySchema,
      example: {
        accepted: 1,
        duplicates: 0,
        items: [{ id: ID, externalId: 'call-20417-3', duplicate: false }],
      },
    },
    errors: [400, 409, 413],
  },
  {
    id: 'listOutcomes',
    method: 'get',
    path: '/api/v1/outcomes',
    tag: 'outcomes',
    summary: 'List outcomes, newest recorded first',
    permission: 'read',
    query: outcomeQuerySchema,
    reply: { status: 200, description: 'One page.', schema: outcomeListSchema },
  },
  {
    id: 'getOutcome',
    method: 'get',
    path: '/api/v1/outcomes/{id}',
    tag: 'outcomes',
    summary: 'One outcome and its history',
    permission: 'read',
    reply: {
      status: 200,
      description: 'The outcome, deleted or not; its ETag is its revision.',
      schema: outcomeDetailSchema,
    },
  },
  {
    id: 'correctOutcome',
    method: 'patch',
    path: '/api/v1/outcomes/{id}',
    tag: 'outcomes',
    summary: 'Correct an outcome',
    description:
      'What is left out stays; `attributes` are replaced as a whole. The same content is no change.',
    permission: 'record',
    headers: [IF_MATCH],
    body: { schema: outcomePatchSchema, examples: { result: { value: { result: 'failure' } } } },
    reply: { status: 200, description: `As it is now. ${RECEIPT}`, schema: changedOutcomeSchema },
    errors: [400, 409, 412, 413],
  },
  {
    id: 'deleteOutcome',
    method: 'delete',
    path: '/api/v1/outcomes/{id}',
    tag: 'outcomes',
    summary: 'Delete an outcome',
    description: 'It no longer counts. Its history stays, and its externalId stays taken.',
    permission: 'record',
    headers: [IF_MATCH],
    reply: {
      status: 200,
      description: `As it is now, with \`deletedAt\`. ${RECEIPT}`,
      schema: changedOutcomeSchema,
    },
    errors: [412],
  },
  {
    id: 'restoreOutcome',
    method: 'post',
    path: '/api/v1/outcomes/{id}/restore',
    tag: 'outcomes',
    summary: 'Bring a deleted outcome back',
    permission: 'record',
    headers: [IF_MATCH],
    reply: {
      status: 200,
      description: `As it is now; it counts again, at a new position. ${RECEIPT}`,
      schema: changedOutcomeSchema,
    },
    errors: [409, 412],
  },
  {
    id: 'listJourneys',
    method: 'get',
    path: '/api/v1/journeys',
    tag: 'journeys',
    summary: 'List journeys, newest opened first',
    permission: 'read',
    query: journeyQuerySchema,
    reply: { status: 200, description: 'One page.', schema: journeyListSchema },
  },
  {
    id: 'openJourney',
    method: 'post',
    path: '/api/v1/journeys',
    tag: 'journeys',
    summary: 'Open a journey',
    description: 'A case that is under way; the outcome that names it closes it.',
    permission: 'record',
    headers: [IDEMPOTENCY],
    body: {
      schema: journeyInputSchema,
      examples: {
        one: { value: { subject: 'client 20417', step: 'first call', attributes: { contact: 'cellular' } } },
      },
    },
    reply: { status: 201, description: 'Opened.', schema: journeyViewSchema },
    errors: [400, 409, 413],
  },
  {
    id: 'addJourneyStep',
    method: 'post',
    path: '/api/v1/journeys/{id}/steps',
    tag: 'journeys',
    summary: 'Add a step to an open journey',
    permission: 'record',
    headers: [IDEMPOTENCY],
    body: {
      schema: journeyStepInputSchema,
      examples: { one: { value: { step: 'second call', engagement: 0.6 } } },
    },
    reply: {
      status: 201,
      description: `The journey as it is now. ${RECEIPT}`,
      schema: changedJourneySchema,
    },
    errors: [400, 409, 413],
  },
  {
    id: 'listPatterns',
    method: 'get',
    path: '/api/v1/patterns',
    tag: 'patterns',
    summary: 'List tracked patterns',
    permission: 'read',
    query: patternQuerySchema,
    reply: { status: 200, description: 'One page, as of one position.', schema: patternListSchema },
  },
  {
    id: 'getPattern',
    method: 'get',
    path: '/api/v1/patterns/{id}',
    tag: 'patterns',
    summary: 'One pattern',
    description:
      'One that has left its place has its counts, as retired; where its bands are no more, a 404 says so, and only ' +
      'its history is kept.',
    permission: 'read',
    reply: { status: 200, description: 'The pattern.', schema: patternReplySchema },
  },
  {
    id: 'lookupPattern',
    method: 'get',
    path: '/api/v1/patterns/lookup',
    tag: 'patterns',
    summary: 'The figures of any conjunction of up to three conditions',
    description:
      'Such as `?where=contact:cellular&where=poutcome:success`. Split at the first colon; a number finds its bin. ' +
      'One that is not tracked has `status: "untracked"` and no id.',
    permission: 'read',
    query: whereSchema,
    reply: { status: 200, description: 'One item.', schema: patternListSchema },
  },
  {
    id: 'patternHistory',
    method: 'get',
    path: '/api/v1/patterns/{id}/history',
    tag: 'patterns',
    summary: 'What a pattern was',
    description:
      'A point is kept when its confidence has moved by 0.01, its n by 5 %, or something happened to it; at most one ' +
      'for each batch of outcomes. Ascending; the cursor leads to older ones.',
    permission: 'read',
    query: historyQuerySchema,
    reply: { status: 200, description: 'The newest page.', schema: patternHistorySchema },
  },
  {
    id: 'patternTrajectory',
    method: 'get',
    path: '/api/v1/patterns/{id}/trajectory',
    tag: 'patterns',
    summary: 'Its evidence along the log',
    description:
      'Replayed now from all that stands, so that it may differ from what the history says was shown.',
    permission: 'read',
    reply: { status: 200, description: 'At most 400 points.', schema: trajectorySchema },
  },
  {
    id: 'patternWhy',
    method: 'get',
    path: '/api/v1/patterns/{id}/why',
    tag: 'patterns',
    summary: 'Why a pattern is what it is',
    permission: 'read',
    reply: {
      status: 200,
      description:
        'Its conditions, what it was, what moved it, what is around it, and what its confirmation costs.',
      schema: patternWhySchema,
    },
  },
  choice('pin', 'Keep an eye on a pattern', 'A pinned pattern is watched whatever its support.'),
  choice(
    'unpin',
    'Stop keeping an eye on it',
    'Without support it is then not tracked any more; a retired one without support is resumed first.',
  ),
  choice('retire', 'Put a pattern aside', 'It is counted on, and says nothing any more.'),
  choice('resume', 'Take a retired pattern back', 'What it has gathered meanwhile counts.'),
  {
    id: 'pinConditions',
    method: 'post',
    path: '/api/v1/patterns/pins',
    tag: 'patterns',
    summary: 'Pin any conjunction of up to three conditions',
    description:
      'Without enough outcomes to be searched its evidence starts now. At most 256 such at a time.',
    permission: 'analyse',
    body: {
      schema: pinInputSchema,
      examples: { two: { value: { where: ['contact:cellular', 'poutcome:success'] } } },
    },
    reply: chosen,
    errors: [400, 409, 413],
  },
  {
    id: 'comparePatterns',
    method: 'get',
    path: '/api/v1/patterns/compare',
    tag: 'patterns',
    summary: 'Two patterns side by side',
    permission: 'read',
    query: compareQuerySchema,
    reply: {
      status: 200,
      description: 'Both, their overlap and the difference of their rates.',
      schema: patternComparisonSchema,
    },
  },
  {
    id: 'searchFamily',
    method: 'get',
    path: '/api/v1/patterns/searched',
    tag: 'patterns',
    summary: 'What was searched, and what of the error budget that has cost',
    permission: 'read',
    reply: { status: 200, description: 'As of one position.', schema: searchFamilySchema },
  },
  {
    id: 'listAttributes',
    method: 'get',
    path: '/api/v1/attributes',
    tag: 'attributes',
    summary: 'List attributes, searched ones first',
    permission: 'read',
    reply: { status: 200, description: 'As of one position.', schema: attributeListSchema },
  },
  {
    id: 'changeAttribute',
    method: 'patch',
    path: '/api/v1/attributes/{key}',
    tag: 'attributes',
    summary: 'Say how the patterns of an attribute are compared',
    description: 'What is declared holds, whatever is found later.',
    permission: 'analyse',
    body: { schema: attributePatchSchema, examples: { month: { value: { mode: 'period' } } } },
    reply: { status: 200, description: 'The attribute.', schema: attributeViewSchema },
    errors: [400, 409, 413],
  },
  {
    id: 'listSelfChecks',
    method: 'get',
    path: '/api/v1/self-check',
    tag: 'patterns',
    summary: 'Self-checks: the one that runs, and the last ones',
    permission: 'read',
    reply: { status: 200, description: 'Newest first.', schema: selfCheckListSchema },
  },
  {
    id: 'startSelfCheck',
    method: 'post',
    path: '/api/v1/self-check',
    tag: 'patterns',
    summary: 'Check the honesty of what is found here',
    description:
      'The results of the last 20,000 outcomes are dealt to them by chance, over and over, and it is counted how often ' +
      'anything is called confirmed. Runs in the background, one at a time.',
    permission: 'analyse',
    body: {
      optional: true,
      schema: selfCheckInputSchema,
      examples: { hundred: { value: { shuffles: 100 } } },
    },
    reply: {
      status: 202,
      description: 'Started; ask again, or follow the feed.',
      schema: selfCheckViewSchema,
    },
    errors: [400, 409, 413],
  },
  {
    id: 'cancelSelfCheck',
    method: 'delete',
    path: '/api/v1/self-check',
    tag: 'patterns',
    summary: 'Cancel the self-check that runs',
    permission: 'analyse',
    reply: { status: 200, description: 'What it has found stays.', schema: selfCheckViewSchema },
    errors: [409],
  },
  {
    id: 'getMetrics',
    method: 'get',
    path: '/api/v1/metrics',
    tag: 'metrics',
    summary: 'The totals of the workspace',
    permission: 'read',
    query: z.object({
      history: z.enum(['true', 'false']).optional().describe('true: with cumulative counts for drawing.'),
    }),
    reply: { status: 200, description: 'As of one position.', schema: metricsViewSchema },
  },
  {
    id: 'openFeed',
    method: 'get',
    path: '/api/v1/feed',
    tag: 'feed',
    summary: 'Follow everything that changes (server-sent events)',
    description:
      'Events: hello, delta, reset, snapshot, live, cursor, goaway; each `data` is one JSON object, a delta as in the ' +
      'schema Delta. Reconnect with the last id. Overload and failures of the server are no status but a `goaway`.',
    permission: 'read',
    query: feedQuerySchema.extend({
      compat: z.enum(['0', '1']).optional().describe('1: each delta has its own event name.'),
    }),
    headers: [SINCE],
    reply: { status: 200, description: 'A stream without end.', type: 'text/event-stream' },
    errors: [400],
    never: [422, 429, 503],
    words: FEED_WORDS,
  },
  {
    id: 'pollFeed',
    method: 'get',
    path: '/api/v1/feed/poll',
    tag: 'feed',
    summary: 'The same events by long polling',
    permission: 'read',
    query: feedQuerySchema.extend({
      wait: z.string().optional().describe('Seconds to wait for the next event, at most 25.'),
    }),
    headers: [SINCE],
    reply: { status: 200, description: 'What came since.', schema: feedPollSchema },
    errors: [400],
    never: [422],
    words: FEED_WORDS,
  },
  {
    id: 'listPeopleHere',
    method: 'get',
    path: '/api/v1/presence',
    tag: 'feed',
    summary: 'Who is here now',
    description:
      'People with a page of the workspace open, but for those who appear offline. The topic `presence` of the feed ' +
      'says who comes and goes.',
    permission: 'read',
    reply: { status: 200, description: 'Who came first is first.', schema: peopleHereSchema },
  },
  {
    id: 'listActivity',
    method: 'get',
    path: '/api/v1/activity',
    tag: 'operation',
    summary: 'Who did what, newest first',
    description:
      'What people and keys do in the workspace, and the logins of its members; not what is recorded, since outcomes ' +
      'and journeys say themselves who did.',
    permission: 'manage',
    query: activityQuerySchema,
    reply: { status: 200, description: 'One page.', schema: activityListSchema },
  },
  {
    id: 'listFoldChecks',
    method: 'get',
    path: '/api/v1/checks',
    tag: 'operation',
    summary: 'Whether the figures are what the log gives',
    description:
      'Every night, and when asked, the log is read again from its first entry and compared with the state that ' +
      'figures are read from, bit for bit.',
    permission: 'read',
    reply: { status: 200, description: 'The last checks, newest first.', schema: foldCheckListSchema },
  },
  {
    id: 'startFoldCheck',
    method: 'post',
    path: '/api/v1/checks',
    tag: 'operation',
    summary: 'Check it now',
    permission: 'manage',
    reply: { status: 202, description: 'It has begun and goes on by itself.', schema: foldCheckViewSchema },
    errors: [409],
  },
  {
    id: 'getOpenApi',
    method: 'get',
    path: '/api/v1/openapi.json',
    tag: 'operation',
    summary: 'This document',
    permission: null,
    reply: { status: 200, description: 'OpenAPI 3.1.', type: 'application/json' },
  },
  {
    id: 'getHealth',
    method: 'get',
    path: '/healthz',
    tag: 'operation',
    summary: 'How the server is',
    description: '503 when the database is down.',
    permission: null,
    reply: {
      status: 200,
      description: '`degraded`: something is down, the rest goes on.',
      schema: healthSchema,
    },
  },
  {
    id: 'getReadiness',
    method: 'get',
    path: '/readyz',
    tag: 'operation',
    summary: 'Whether requests may come here',
    description: '503 with the same body when they may not.',
    permission: null,
    reply: { status: 200, description: 'They may.', schema: readinessSchema },
  },
  {
    id: 'getPrometheusMetrics',
    method: 'get',
    path: '/metrics',
    tag: 'operation',
    summary: 'Figures of the process, for Prometheus',
    permission: null,
    reply: { status: 200, description: 'Text format of Prometheus.', type: 'text/plain' },
  },
];
