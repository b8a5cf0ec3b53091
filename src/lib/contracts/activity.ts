import { z } from 'zod';

/** What people and keys do in a workspace, by kind. Each is the `action` of an audit row. */
export const ACTIVITY_KINDS = {
  outcomes: [
    'outcome.corrected',
    'outcome.deleted',
    'outcome.restored',
    'outcomes.exported',
    'import.uploaded',
    'import.checked',
    'import.started',
    'import.cancelled',
    'import.finished',
    'import.failed',
  ],
  patterns: ['pattern.pin', 'pattern.unpin', 'pattern.retire', 'pattern.resume'],
  attributes: ['attribute.bands', 'attribute.cut', 'attribute.choose', 'attribute.mode'],
  people: [
    'member.added',
    'member.role-changed',
    'member.left',
    'member.removed',
    'invitation.created',
    'invitation.accepted',
    'invitation.revoked',
  ],
  keys: ['api-key.created', 'api-key.revoked'],
  workspace: [
    'workspace.created',
    'workspace.updated',
    'simulation.started',
    'simulation.resumed',
    'simulation.paused',
    'self-check.started',
    'self-check.cancelled',
    'log.verified',
  ],
  logins: [
    'session.created',
    'session.ended',
    'session.revoked',
    'session.others-revoked',
    'user.password-changed',
    'user.password-reset',
  ],
} as const;
export type ActivityKind = keyof typeof ACTIVITY_KINDS;
export type ActivityAction = (typeof ACTIVITY_KINDS)[ActivityKind][number];
/** About a person rather than a workspace: told wherever they are a member. */
export type LoginAction = (typeof ACTIVITY_KINDS)['logins'][number];

export const KINDS = Object.keys(ACTIVITY_KINDS) as [ActivityKind, ...ActivityKind[]];
export const ACTIVITY_ACTIONS: readonly ActivityAction[] = Object.values(ACTIVITY_KINDS).flat();

/** One thing that somebody did. */
export const activityViewSchema = z
  .object({
    id: z.number().int().describe('Grows with time.'),
    at: z.string(),
    actor: z.object({
      type: z.enum(['user', 'api-key', 'system']),
      id: z.string().nullable(),
      name: z.string().describe('As it was then.'),
    }),
    action: z.enum(ACTIVITY_ACTIONS),
    target: z.object({
      type: z.string(),
      id: z.string().nullable(),
      name: z.string().nullable().describe('What people call it; null where it has no name.'),
    }),
    detail: z
      .string()
      .nullable()
      .describe('What else says what was done: the new role, how patterns are compared, the file format.'),
  })
  .meta({ id: 'Activity' });
export type ActivityView = z.infer<typeof activityViewSchema>;

/** A login that began or ended, and whose. Another may have ended it. */
export type LoginView = ActivityView & { userId: string; name: string };

export const activityListSchema = z
  .object({
    items: z.array(activityViewSchema),
    next: z.number().int().nullable().describe('`before` of the next page.'),
  })
  .meta({ id: 'ActivityList' });
export type ActivityList = z.infer<typeof activityListSchema>;

export const activityQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.coerce.number().int().min(1).optional().describe('`next` of the page before.'),
  who: z.uuid().optional().describe('Id of a person or key: only what they did, and logins of theirs.'),
  kind: z.enum(KINDS).optional(),
});

/** Things that people set up and that come, change and go. Outcomes, journeys and imports have events of their own. */
export const COLLECTIONS = [
  'attributes',
  'pins',
  'patterns',
  'members',
  'invitations',
  'api-keys',
  'workspaces',
] as const;
export type Collection = (typeof COLLECTIONS)[number];

/** That a thing came, changed or went; what it is now is read where it is listed. */
export interface CollectionChange {
  collection: Collection;
  /** Null: several (as more than 50 attributes learned at once), or the collection as such. */
  id: string | null;
  /** What was done, as in the activity; `attribute.learned` when an outcome brought the attribute. */
  action: ActivityAction | 'attribute.learned';
  at: string;
}
