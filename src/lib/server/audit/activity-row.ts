import type { ActivityAction, ActivityView } from '#lib/contracts/activity.ts';
import { flagWords } from '#lib/domain/attributes/item-label.ts';
import type { Sql, Statement, TransactionSql } from '../db/client.ts';

/** An audit row that is shown, with the name of the person whom it is about, if any. */
export interface ActivityRow {
  id: number;
  at: Date;
  actor_type: ActivityView['actor']['type'];
  actor_id: string | null;
  actor_label: string;
  action: ActivityAction;
  target_type: string;
  target_id: string | null;
  metadata: Record<string, unknown>;
  person_id: string | null;
  person_name: string | null;
}

/** Reads the audit rows that `source` (a from item) has as `ActivityRow`s, in the order of their ids or against it. */
export const selectActivity = (
  sql: Sql | TransactionSql,
  source: Statement,
  order: 'oldest' | 'newest',
): Statement => sql`
  select a.id, a.at, a.actor_type, a.actor_id, a.actor_label, a.action, a.target_type, a.target_id, a.metadata,
    u.id as person_id, u.name as person_name
  from ${source} as a left join users as u
    on u.id = (case a.target_type when 'user' then a.target_id when 'session' then a.actor_id end)::uuid
  order by a.id ${order === 'newest' ? sql`desc` : sql`asc`}`;

const textOf = (value: unknown, key: string): string | null => {
  const found = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return typeof found === 'string' ? found : null;
};

/** `contact cellular and marital single` */
function conditionsOf(metadata: ActivityRow['metadata']): string | null {
  const { conditions } = metadata;
  if (!Array.isArray(conditions)) return null;
  return conditions
    .map((one) => `${textOf(one, 'attribute')} ${flagWords(textOf(one, 'value') ?? '')}`)
    .join(' and ');
}

function nameOf({ target_type, target_id, metadata, person_name }: ActivityRow): string | null {
  switch (target_type) {
    case 'user':
    case 'session':
      return person_name;
    case 'pattern':
      return conditionsOf(metadata);
    case 'attribute':
      return target_id;
    case 'import':
      return textOf(metadata, 'fileName');
    case 'invitation':
      return textOf(metadata, 'email');
    case 'workspace':
      return textOf(metadata, 'name') ?? textOf(metadata['after'], 'name');
    default:
      return textOf(metadata, 'name');
  }
}

/** Of the rest of the metadata only what is named here leaves the audit. */
const detailOf = ({ metadata }: ActivityRow): string | null =>
  textOf(metadata, 'role') ??
  textOf(metadata, 'after') ??
  textOf(metadata, 'mode') ??
  textOf(metadata, 'format');

export function toActivityView(row: ActivityRow): ActivityView {
  // Which session it was is nobody's business; whose it was is.
  const isSession = row.target_type === 'session';
  return {
    id: row.id,
    at: row.at.toISOString(),
    actor: { type: row.actor_type, id: row.actor_id, name: row.actor_label },
    action: row.action,
    target: {
      type: isSession ? 'user' : row.target_type,
      id: isSession ? row.person_id : row.target_id,
      name: nameOf(row),
    },
    detail: detailOf(row),
  };
}
