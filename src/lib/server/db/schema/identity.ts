import { sql } from 'drizzle-orm';
import { boolean, index, jsonb, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { at } from './columns.ts';

export const WORKSPACE_ROLES = ['viewer', 'recorder', 'analyst', 'admin'] as const;
export const API_SCOPES = ['read', 'record', 'manage'] as const;
export const PRESETS = ['content', 'trading', 'bookings'] as const;

/** Single facts about this installation (feed epoch, setup token hash). Never listed. */
export const instance = pgTable('instance', {
  key: text().primaryKey(),
  value: jsonb().notNull(),
  updatedAt: at('updated_at').notNull().defaultNow(),
});

/** A person who can log in. Never deleted, only disabled: audit rows name them. */
export const users = pgTable(
  'users',
  {
    id: uuid().primaryKey().defaultRandom(),
    email: text().notNull(),
    name: text().notNull(),
    passwordHash: text('password_hash').notNull(),
    /** Runs the installation: may what concerns every workspace at once. */
    isOperator: boolean('is_operator').notNull().default(false),
    /** Not shown to others as being here. */
    appearOffline: boolean('appear_offline').notNull().default(false),
    createdAt: at('created_at').notNull().defaultNow(),
    disabledAt: at('disabled_at'),
  },
  (t) => [uniqueIndex('users_email_unique').on(sql`lower(${t.email})`)],
);

/** A login. `id` is the SHA-256 of the token in the cookie; revoked by `rowId` (FINE-PRINT 39). */
export const sessions = pgTable(
  'sessions',
  {
    id: text().primaryKey(),
    rowId: uuid('row_id').notNull().defaultRandom(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id),
    expiresAt: at('expires_at').notNull(),
    createdAt: at('created_at').notNull().defaultNow(),
    ip: text(),
    userAgent: text('user_agent'),
  },
  (t) => [index('sessions_user').on(t.userId), uniqueIndex('sessions_row').on(t.rowId)],
);

export const workspaces = pgTable(
  'workspaces',
  {
    id: uuid().primaryKey().defaultRandom(),
    slug: text().notNull(),
    name: text().notNull(),
    preset: text({ enum: PRESETS }).notNull().default('content'),
    timezone: text().notNull().default('UTC'),
    /** Words, currency and other things that change no figure. */
    settings: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    /** Only the simulator may write here, and every page says so. */
    simulated: boolean().notNull().default(false),
    createdAt: at('created_at').notNull().defaultNow(),
  },
  (t) => [uniqueIndex('workspaces_slug_unique').on(t.slug)],
);

export const memberships = pgTable(
  'memberships',
  {
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id),
    role: text({ enum: WORKSPACE_ROLES }).notNull(),
    createdAt: at('created_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.workspaceId, t.userId] }), index('memberships_user').on(t.userId)],
);

/** A link that lets one person join one workspace. Used once. */
export const invitations = pgTable('invitations', {
  id: uuid().primaryKey().defaultRandom(),
  workspaceId: uuid('workspace_id')
    .notNull()
    .references(() => workspaces.id),
  tokenHash: text('token_hash').notNull().unique(),
  email: text().notNull(),
  role: text({ enum: WORKSPACE_ROLES }).notNull(),
  invitedBy: uuid('invited_by').notNull(),
  createdAt: at('created_at').notNull().defaultNow(),
  expiresAt: at('expires_at').notNull(),
  acceptedAt: at('accepted_at'),
  revokedAt: at('revoked_at'),
});

/** A key of the API, bound to one workspace. `hash` is the SHA-256 of the whole key; the key is shown once. */
export const apiKeys = pgTable(
  'api_keys',
  {
    id: uuid().primaryKey().defaultRandom(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    name: text().notNull(),
    /** First characters, to tell keys apart in a list. */
    prefix: text().notNull(),
    hash: text().notNull(),
    scopes: text({ enum: API_SCOPES }).array().notNull(),
    createdBy: uuid('created_by'),
    createdAt: at('created_at').notNull().defaultNow(),
    lastUsedAt: at('last_used_at'),
    revokedAt: at('revoked_at'),
  },
  (t) => [uniqueIndex('api_keys_hash_unique').on(t.hash), index('api_keys_workspace').on(t.workspaceId)],
);
