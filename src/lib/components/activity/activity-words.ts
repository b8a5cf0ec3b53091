import type { ActivityAction, ActivityKind, ActivityView } from '#lib/contracts/activity.ts';

/** What the kinds are called where one is chosen. */
export const KIND_WORDS: Record<ActivityKind, string> = {
  outcomes: 'Outcomes',
  patterns: 'Patterns',
  attributes: 'Attributes',
  people: 'People',
  keys: 'API keys',
  workspace: 'Workspace',
  logins: 'Logins',
};

/** A sentence after the name of who did it: `did`, then `what` (stands out, may be a link), then `rest`. */
export interface ActivityWords {
  did: string;
  what: string;
  rest: string;
  /** Below the workspace's address, without a slash at the start; null: nowhere to go. */
  href: string | null;
}

type Part = (view: ActivityView) => Partial<ActivityWords>;

const plain =
  (did: string, rest = ''): Part =>
  () => ({ did, rest });
const named =
  (did: string, otherwise: string, rest = ''): Part =>
  ({ target }) => ({
    did,
    what: target.name ?? otherwise,
    rest,
  });
const outcome =
  (did: string): Part =>
  ({ target }) => ({
    did,
    what: 'an outcome',
    href: target.id === null ? null : `outcomes/${target.id}`,
  });
const importing =
  (did: string): Part =>
  (view) => ({
    ...named(did, 'a file')(view),
    href: view.target.id === null ? null : `outcomes/import/${view.target.id}`,
  });
/** Where a label stands for the id, in rows of the audit that have one, there is no page to lead to. */
const pattern =
  (did: string, rest = ''): Part =>
  (view) => ({
    ...named(did, 'a pattern', rest)(view),
    href: view.target.id?.startsWith('p_') ? `patterns/${view.target.id}` : null,
  });
const attribute =
  (did: string, rest = ''): Part =>
  (view) => ({
    ...named(did, 'the attributes', rest)(view),
    href: 'settings/attributes',
  });
const settings =
  (did: string, what: string, href: string, rest = ''): Part =>
  () => ({ did, what, rest, href });

const MODES: Record<string, string> = {
  period: ' compared by period',
  concurrent: ' compared with outcomes of the same time',
};
const FORMATS: Record<string, string> = { csv: ' as CSV', ndjson: ' as NDJSON' };

const isOwn = ({ actor, target }: ActivityView): boolean => actor.id !== null && actor.id === target.id;
const asRole = ({ detail }: ActivityView): string => (detail === null ? '' : ` as ${detail}`);

const WORDS: Record<ActivityAction, Part> = {
  'outcome.corrected': outcome('corrected'),
  'outcome.deleted': outcome('deleted'),
  'outcome.restored': outcome('restored'),
  'outcomes.exported': ({ detail }) => ({ did: 'exported all outcomes', rest: FORMATS[detail ?? ''] ?? '' }),
  'import.uploaded': importing('uploaded'),
  'import.checked': importing('had the columns checked of'),
  'import.started': importing('started to import'),
  'import.cancelled': importing('cancelled the import of'),
  'import.finished': importing('finished importing'),
  'import.failed': importing('could not import'),
  'pattern.pin': pattern('pinned'),
  'pattern.unpin': pattern('unpinned'),
  'pattern.retire': pattern('retired'),
  'pattern.resume': pattern('resumed'),
  'attribute.bands': attribute('set the bands of'),
  'attribute.cut': attribute('cut', ' into bins'),
  'attribute.choose': () => ({
    did: 'chose which',
    what: 'attributes',
    rest: ' are searched',
    href: 'settings/attributes',
  }),
  'attribute.mode': (view) => attribute('had', MODES[view.detail ?? ''] ?? ' compared another way')(view),
  'member.added': (view) =>
    isOwn(view) ? { did: 'joined', rest: asRole(view) } : named('added', 'a member', asRole(view))(view),
  'member.role-changed': (view) =>
    named('gave', 'a member', view.detail === null ? ' another role' : ` the role ${view.detail}`)(view),
  'member.left': plain('left this workspace'),
  'member.removed': named('removed', 'a member'),
  'invitation.created': (view) => named('invited', 'somebody', asRole(view))(view),
  'invitation.accepted': plain('accepted an invitation'),
  'invitation.revoked': named('withdrew the invitation of', 'somebody'),
  'api-key.created': named('made the API key', 'without a name'),
  'api-key.revoked': named('revoked the API key', 'without a name'),
  'workspace.created': plain('made this workspace'),
  'workspace.updated': settings('changed', 'the name or time zone', 'settings/workspace'),
  'simulation.started': settings('started', 'the simulation', 'simulation'),
  'simulation.resumed': settings('resumed', 'the simulation', 'simulation'),
  'simulation.paused': settings('paused', 'the simulation', 'simulation'),
  'self-check.started': settings('started', 'an honesty check', 'honesty'),
  'self-check.cancelled': settings('cancelled', 'an honesty check', 'honesty'),
  'log.verified': settings('had', 'the log', 'honesty', ' checked'),
  'session.created': plain('logged in'),
  'session.ended': plain('logged out'),
  'session.revoked': plain('logged out on another device'),
  'session.others-revoked': plain('logged out everywhere else'),
  'user.password-changed': plain('changed their password and logged out everywhere else'),
  'user.password-reset': named('gave', 'somebody', ' a new password and logged them out'),
};

/** What was done, in words. */
export const activityWords = (view: ActivityView): ActivityWords => ({
  did: '',
  what: '',
  rest: '',
  href: null,
  ...WORDS[view.action](view),
});
