import { sql } from 'drizzle-orm';
import { doublePrecision, index, integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { at } from './columns.ts';

export const JOURNEY_STATES = ['open', 'succeeded', 'failed', 'neutral', 'expired'] as const;

/** A case that is under way. Closed by the outcome that names it. Never deleted. */
export const journeys = pgTable(
  'journeys',
  {
    id: uuid().primaryKey(),
    workspaceId: uuid('workspace_id').notNull(),
    subject: text().notNull(),
    variant: text(),
    state: text({ enum: JOURNEY_STATES }).notNull().default('open'),
    attributes: jsonb().$type<Record<string, string | number | boolean>>().notNull().default({}),
    step: text(),
    openedAt: at('opened_at').notNull().defaultNow(),
    lastSeenAt: at('last_seen_at').notNull().defaultNow(),
    closedAt: at('closed_at'),
    outcomeId: uuid('outcome_id'),
    openedBy: text('opened_by').notNull(),
    /** One more with each change; the `rev` of its feed events. */
    revision: integer().notNull().default(1),
  },
  (t) => [
    index('journeys_state').on(t.workspaceId, t.state, t.id),
    index('journeys_subject').on(t.workspaceId, t.subject),
    index('journeys_outcome')
      .on(t.outcomeId)
      .where(sql`${t.outcomeId} is not null`),
  ],
);

/** What happened in a journey, in order of `at`. Append-only. */
export const journeySteps = pgTable(
  'journey_steps',
  {
    id: uuid().primaryKey(),
    workspaceId: uuid('workspace_id').notNull(),
    journeyId: uuid('journey_id')
      .notNull()
      .references(() => journeys.id),
    step: text().notNull(),
    at: at('at').notNull().defaultNow(),
    engagement: doublePrecision(),
    note: text(),
  },
  (t) => [index('journey_steps_journey').on(t.journeyId, t.at)],
);
