/** What a role may do, in one line. */
export const ROLE_WORDS = {
  viewer: 'sees everything, changes nothing.',
  recorder: 'sees everything and records outcomes.',
  analyst: 'also decides how attributes are searched.',
  admin: 'also manages members, keys and the workspace.',
} as const;

export const SCOPE_WORDS = {
  read: 'Read outcomes, patterns, metrics and the feed.',
  record: 'Record, correct and delete outcomes.',
  manage: 'Change how patterns are searched, and manage the workspace.',
} as const;
