import { pgSequence, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { at } from './columns.ts';
import { users, workspaces } from './identity.ts';

/**
 * A person's connection to the feed: one open stream, or one login that polls. Kept by the beats of the instance that
 * serves it, deleted some seconds after it closed, or by any instance once its beats have stopped.
 */
export const presence = pgTable('presence', {
  connectionId: uuid('connection_id').primaryKey(),
  workspaceId: uuid('workspace_id')
    .notNull()
    .references(() => workspaces.id, { onDelete: 'cascade' }),
  userId: uuid('user_id')
    .notNull()
    .references(() => users.id, { onDelete: 'cascade' }),
  /** Name of the server in `instances`. */
  instanceId: text('instance_id').notNull(),
  transport: text({ enum: ['stream', 'poll'] }).notNull(),
  since: at('since').notNull().defaultNow(),
  beatAt: at('beat_at').notNull().defaultNow(),
});

/**
 * Who is here, exactly as the feed has told it: what it told is compared with `presence`, so each coming and going is
 * told once. No foreign keys: whose account or membership ended is still told to have left. Sorted by `since`.
 */
export const presentPeople = pgTable(
  'present_people',
  {
    workspaceId: uuid('workspace_id').notNull(),
    userId: uuid('user_id').notNull(),
    name: text().notNull(),
    since: at('since').notNull(),
  },
  (t) => [primaryKey({ columns: [t.workspaceId, t.userId] })],
);

/**
 * When presence was last told, in milliseconds since 1970 by the database's clock, or a little later: it never goes back,
 * though that clock may. Moved under the lock of presence only.
 */
export const presenceClock = pgSequence('presence_clock');
