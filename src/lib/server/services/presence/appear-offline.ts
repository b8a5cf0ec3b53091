import { emitAudit } from '../../audit/emit-audit.ts';
import type { Person } from '../../auth/visitor.ts';
import { withTransaction } from '../../db/with-transaction.ts';
import { lockPresence, tellChanges } from './tell-changes.ts';

/** Whether others are not shown that this person is here. */
export async function appearsOffline({ app, actor }: Person): Promise<boolean> {
  const [row] = await app.db.sql<{ offline: boolean }[]>`
    select appear_offline as offline from users where id = ${actor.id}`;
  return row?.offline ?? false;
}

/** Shows or hides oneself, in every workspace and at once. @returns false when it was so already */
export async function setAppearOffline(person: Person, offline: boolean): Promise<boolean> {
  const { app, actor } = person;
  const changed = await withTransaction(app.db.sql, async (tx) => {
    await lockPresence(tx);
    const rows = await tx`
      update users set appear_offline = ${offline}
      where id = ${actor.id} and appear_offline is distinct from ${offline} returning id`;
    if (rows.length === 0) return false;
    await emitAudit(
      tx,
      { ...person, workspace: null },
      {
        action: 'user.presence-changed',
        targetType: 'user',
        targetId: actor.id,
        metadata: { appearOffline: offline },
      },
    );
    await tellChanges(tx);
    return true;
  });
  app.doorbell.ringFeed();
  return changed;
}
