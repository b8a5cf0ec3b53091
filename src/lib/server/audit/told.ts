import type { ActivityAction, Collection, LoginAction } from '#lib/contracts/activity.ts';

type Op = 'created' | 'updated' | 'deleted';

/** What an act did to a collection. `admins`: nobody else may read that collection. */
export interface Change {
  collection: Collection;
  op: Op;
  admins?: true;
}

const change = (collection: Collection, op: Op): Change => ({ collection, op });
const adminsChange = (collection: Collection, op: Op): Change => ({ collection, op, admins: true });

/**
 * Acts in a workspace, each told to its admins, with the collection that it changed: told to everybody who may read
 * that. Null: nothing is changed, or an event of its own says so.
 */
export const CHANGES: Record<Exclude<ActivityAction, LoginAction>, Change | null> = {
  'outcome.corrected': null,
  'outcome.deleted': null,
  'outcome.restored': null,
  'outcomes.exported': null,
  'import.uploaded': null,
  'import.checked': null,
  'import.started': null,
  'import.cancelled': null,
  'import.finished': null,
  'import.failed': null,
  'pattern.pin': change('pins', 'created'),
  'pattern.unpin': change('pins', 'deleted'),
  'pattern.retire': change('patterns', 'updated'),
  'pattern.resume': change('patterns', 'updated'),
  'attribute.bands': change('attributes', 'updated'),
  'attribute.cut': change('attributes', 'updated'),
  'attribute.choose': change('attributes', 'updated'),
  'attribute.mode': change('attributes', 'updated'),
  'member.added': change('members', 'created'),
  'member.role-changed': change('members', 'updated'),
  'member.left': change('members', 'deleted'),
  'member.removed': change('members', 'deleted'),
  'invitation.created': adminsChange('invitations', 'created'),
  'invitation.accepted': adminsChange('invitations', 'deleted'),
  'invitation.revoked': adminsChange('invitations', 'deleted'),
  'api-key.created': adminsChange('api-keys', 'created'),
  'api-key.revoked': adminsChange('api-keys', 'updated'),
  'workspace.created': change('workspaces', 'created'),
  'workspace.updated': change('workspaces', 'updated'),
  'simulation.started': null,
  'simulation.resumed': change('workspaces', 'updated'),
  'simulation.paused': change('workspaces', 'updated'),
  'self-check.started': null,
  'self-check.cancelled': null,
  'log.verified': null,
};

/** Whether a login began or ended; one that ended none is not told. */
export const LOGINS: Record<LoginAction, 'user.logged_in' | 'user.logged_out'> = {
  'session.created': 'user.logged_in',
  'session.ended': 'user.logged_out',
  'session.revoked': 'user.logged_out',
  'session.others-revoked': 'user.logged_out',
  'user.password-changed': 'user.logged_out',
  'user.password-reset': 'user.logged_out',
};

/**
 * Kept in the audit and told nowhere else: what happens by the thousand, where the event of the thing itself says who
 * did it (the index `audit_log_activity` leaves these out by the same names), and what is of no workspace.
 */
export const UNTOLD = [
  'outcome.recorded',
  'journey.opened',
  'journey.stepped',
  'user.created',
  'user.operator-added',
  'user.operator-removed',
  'user.presence-changed',
  'flag.changed',
  'maintenance.announced',
  'maintenance.withdrawn',
  'epoch.renewed',
] as const;

export type AuditAction = ActivityAction | (typeof UNTOLD)[number];

export const isLogin = (action: AuditAction): action is LoginAction => Object.hasOwn(LOGINS, action);
export const isChange = (action: AuditAction): action is keyof typeof CHANGES =>
  Object.hasOwn(CHANGES, action);
export const isTold = (action: AuditAction): action is ActivityAction => isChange(action) || isLogin(action);
