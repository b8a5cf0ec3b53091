import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Context, WorkspaceInfo } from '#lib/server/context.ts';
import { EventBus } from '#lib/live/event-bus.ts';
import { createApiKey, listApiKeys, revokeApiKey } from '#lib/server/services/api-keys/index.ts';
import {
  acceptInvitation,
  acceptInvitationAsNewUser,
  addMember as addMemberByEmail,
  changeRole,
  invite,
  listInvitations,
  listMembers,
  readInvitation,
  removeMember,
  revokeInvitation,
} from '#lib/server/services/members/index.ts';
import { createWorkspace, listWorkspaces, updateWorkspace } from '#lib/server/services/workspaces/index.ts';
import {
  addMember,
  addUser,
  addWorkspace,
  auditOf,
  codeOf,
  contextOf,
  createIdentityApp,
  personOf,
  visitor,
  type IdentityApp,
} from '../../support/identity.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

let database: TestDatabase;
let app: IdentityApp;

beforeAll(async () => {
  database = await createTestDatabase();
  app = createIdentityApp(database.database);
});
afterAll(() => database.drop());

async function freshWorkspace(): Promise<{ ctx: Context; workspace: WorkspaceInfo; adminId: string }> {
  const { admin, workspace } = await addWorkspace(app, 'Calls');
  return { ctx: contextOf(app, workspace, admin, 'admin'), workspace, adminId: admin.id };
}

const actionsOf = async (ctx: Context) => (await auditOf(app, ctx.workspace.id)).map(({ action }) => action);
const changesOf = async (ctx: Context) =>
  (
    await app.db
      .sql`select 1 from feed_outbox where workspace_id = ${ctx.workspace.id} and type = 'workspace.changed'`
  ).length;

/** Until a statement of this database waits for a lock, or `promise` has settled without waiting. */
async function waitForLock(promise: Promise<unknown>): Promise<void> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  const deadline = Date.now() + 10_000;
  while (!settled && Date.now() < deadline) {
    const waiting = await app.db.sql`
      select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    if (waiting.length > 0) return;
  }
}

describe('workspaces', () => {
  it('get an address from their name, with a number when it is taken', async () => {
    const person = personOf(app, await addUser(app));
    const make = async (name: string) =>
      (await createWorkspace(person, { name, preset: 'trading', timezone: 'UTC' })).slug;
    expect(await make('Anrufe für Köln!')).toBe('anrufe-fur-koln');
    expect(await make('Anrufe für Köln')).toBe('anrufe-fur-koln-2');
    expect(await make('電話')).toBe('workspace');
    expect((await listWorkspaces(app, person.actor.id)).map(({ role }) => role)).toEqual([
      'admin',
      'admin',
      'admin',
    ]);
  });

  it('are told to have changed to everybody, also by a server whose clock is behind', async () => {
    const { ctx } = await freshWorkspace();
    const behind = { ...app, now: () => Date.now() - 3_600_000 };
    await updateWorkspace(ctx, { name: 'One', timezone: 'UTC' });
    await updateWorkspace({ ...ctx, app: behind }, { name: 'Two', timezone: 'UTC' });
    const bus = new EventBus();
    const told = await app.db.sql<{ topic: 'system'; key: string; rev: number }[]>`
      select topic, key, rev from feed_outbox
      where workspace_id = ${ctx.workspace.id} and type = 'workspace.changed' order by wid`;
    const heard = told.filter((one) =>
      bus.dispatch({ ...one, type: 'workspace.changed', op: 'upsert', c: 'e-1', t: 0, value: null }),
    );
    expect(heard).toHaveLength(2);
  });

  it('are renamed under the same address, audited with before and after', async () => {
    const { ctx } = await freshWorkspace();
    const updated = await updateWorkspace(ctx, { name: 'Outbound calls', timezone: 'Asia/Tokyo' });
    expect(updated).toEqual({ ...ctx.workspace, name: 'Outbound calls', timezone: 'Asia/Tokyo' });
    const [row] = await app.db.sql`
      select metadata from audit_log where workspace_id = ${ctx.workspace.id} and action = 'workspace.updated'`;
    expect(row?.['metadata']).toEqual({
      before: { name: 'Calls', timezone: 'UTC' },
      after: { name: 'Outbound calls', timezone: 'Asia/Tokyo' },
    });
    expect(await changesOf(ctx)).toBe(1);
    expect(await codeOf(updateWorkspace(ctx, { name: '', timezone: 'UTC' }))).toBe('VALIDATION');
  });
});

describe('members', () => {
  it('change role and go, each audited and announced', async () => {
    const { ctx, workspace } = await freshWorkspace();
    const viewer = await addMember(app, workspace, 'viewer');
    const before = app.rung.rechecked;
    await changeRole(ctx, viewer.id, { role: 'analyst' });
    expect(await listMembers(ctx)).toContainEqual(
      expect.objectContaining({ id: viewer.id, role: 'analyst' }),
    );
    await removeMember(ctx, viewer.id);
    expect((await listMembers(ctx)).map(({ id }) => id)).not.toContain(viewer.id);
    expect(await actionsOf(ctx)).toEqual([
      'workspace.created',
      'member.added',
      'member.role-changed',
      'member.removed',
    ]);
    expect(await changesOf(ctx)).toBe(2);
    expect(app.rung.rechecked).toBe(before + 2);
  });

  it('include an admin, always: the last one neither goes nor becomes less', async () => {
    const { ctx, workspace, adminId } = await freshWorkspace();
    await addMember(app, workspace, 'analyst');
    expect(await codeOf(changeRole(ctx, adminId, { role: 'viewer' }))).toBe('CONFLICT');
    expect(await codeOf(removeMember(ctx, adminId))).toBe('CONFLICT');
  });

  it('keep one of two admins who take the role from each other at once', async () => {
    const { ctx, workspace, adminId } = await freshWorkspace();
    const second = await addMember(app, workspace, 'admin');
    const answer = await app.db.sql.begin(async (tx) => {
      await tx`update memberships set role = 'viewer' where workspace_id = ${workspace.id} and user_id = ${second.id}`;
      const other = codeOf(
        changeRole(contextOf(app, workspace, second, 'admin'), adminId, { role: 'viewer' }),
      );
      // It has to wait for this transaction to end; answering before would be from a stale view.
      await waitForLock(other);
      return [other] as const;
    });
    expect(await answer[0]).toBe('CONFLICT');
    expect((await listMembers(ctx)).map(({ id, role }) => [id, role])).toContainEqual([adminId, 'admin']);
  });

  it('are added by their address, once, by whoever manages', async () => {
    const { ctx } = await freshWorkspace();
    const { email } = await addUser(app);
    await addMemberByEmail(ctx, { email: email.toUpperCase(), role: 'recorder' });
    expect(await listMembers(ctx)).toContainEqual(expect.objectContaining({ email, role: 'recorder' }));
    expect(await actionsOf(ctx)).toEqual(['workspace.created', 'member.added', 'member.added']);
    expect(await codeOf(addMemberByEmail(ctx, { email, role: 'admin' }))).toBe('CONFLICT');
    expect(await codeOf(addMemberByEmail(ctx, { email: 'nobody@example.org', role: 'admin' }))).toBe(
      'NOT_FOUND',
    );
  });

  it('may leave by themselves, but remove nobody else', async () => {
    const { workspace, ctx } = await freshWorkspace();
    const viewer = await addMember(app, workspace, 'viewer');
    const other = await addMember(app, workspace, 'viewer');
    const own = contextOf(app, workspace, viewer, 'viewer');
    expect(await codeOf(removeMember(own, other.id))).toBe('FORBIDDEN');
    await removeMember(own, viewer.id);
    expect(await actionsOf(ctx)).toContain('member.left');
  });
});

describe('an invitation', () => {
  it('lets somebody new make an account and join, once', async () => {
    const { ctx } = await freshWorkspace();
    const { token } = await invite(ctx, { email: 'Tom@Example.org', role: 'recorder' });
    expect(await readInvitation(app, token)).toMatchObject({
      email: 'tom@example.org',
      role: 'recorder',
      workspaceName: 'Calls',
      hasAccount: false,
    });
    expect(
      await codeOf(acceptInvitationAsNewUser(visitor(app), token, { name: 'Tom', password: 'short' })),
    ).toBe('VALIDATION');
    const joined = await acceptInvitationAsNewUser(visitor(app), token, {
      name: 'Tom',
      password: 'correct horse battery',
    });
    expect(joined.slug).toBe(ctx.workspace.slug);
    expect(await listMembers(ctx)).toContainEqual(
      expect.objectContaining({ email: 'tom@example.org', role: 'recorder' }),
    );
    expect(await readInvitation(app, token)).toBeNull();
    expect(
      await codeOf(
        acceptInvitationAsNewUser(visitor(app), token, { name: 'Eve', password: 'correct horse battery' }),
      ),
    ).toBe('NOT_FOUND');
    expect(await actionsOf(ctx)).toEqual([
      'workspace.created',
      'member.added',
      'invitation.created',
      'invitation.accepted',
      'member.added',
    ]);
    const [row] = await app.db.sql<
      { n: number }[]
    >`select count(*) as n from invitations where token_hash = ${token}`;
    expect(row?.n).toBe(0);
  });

  it('lets somebody with an account join, but only the person it is for', async () => {
    const { ctx } = await freshWorkspace();
    const [invited, other] = [await addUser(app), await addUser(app)];
    const { token } = await invite(ctx, { email: invited.email, role: 'analyst' });
    expect(await readInvitation(app, token)).toMatchObject({ hasAccount: true });
    expect(await codeOf(acceptInvitation(personOf(app, other), token))).toBe('FORBIDDEN');
    await acceptInvitation(personOf(app, invited), token);
    expect(await listMembers(ctx)).toContainEqual(
      expect.objectContaining({ id: invited.id, role: 'analyst' }),
    );
    expect(await codeOf(invite(ctx, { email: invited.email, role: 'viewer' }))).toBe('VALIDATION');
  });

  it('ends when revoked, replaced or too old', async () => {
    const { ctx } = await freshWorkspace();
    const revoked = await invite(ctx, { email: 'a@example.org', role: 'viewer' });
    await revokeInvitation(ctx, revoked.id);
    const replaced = await invite(ctx, { email: 'b@example.org', role: 'viewer' });
    const latest = await invite(ctx, { email: 'b@example.org', role: 'admin' });
    const old = await invite(ctx, { email: 'c@example.org', role: 'viewer' });
    await app.db.sql`update invitations set expires_at = now() where id = ${old.id}`;
    const open = await Promise.all(
      [revoked, replaced, latest, old].map(({ token }) => readInvitation(app, token)),
    );
    expect(open.map((found) => found?.role ?? null)).toEqual([null, null, 'admin', null]);
    expect((await listInvitations(ctx)).map(({ id }) => id)).toEqual([latest.id]);
    const ended = (await auditOf(app, ctx.workspace.id)).filter(
      ({ action }) => action === 'invitation.revoked',
    );
    expect(ended.map(({ target }) => target)).toEqual([revoked.id, replaced.id]);
  });
});

describe('API keys', () => {
  it('are listed without their secret and revoked once', async () => {
    const { ctx } = await freshWorkspace();
    const { id, key } = await createApiKey(ctx, { name: 'Nightly import', scopes: ['record', 'record'] });
    const [listed] = await listApiKeys(ctx);
    expect(listed).toMatchObject({
      id,
      name: 'Nightly import',
      scopes: ['record'],
      createdBy: 'Ana Ruiz',
      revokedAt: null,
    });
    expect(JSON.stringify(listed)).not.toContain(key);
    await revokeApiKey(ctx, id);
    expect((await listApiKeys(ctx))[0]?.revokedAt).toBeInstanceOf(Date);
    expect(await codeOf(revokeApiKey(ctx, id))).toBe('NOT_FOUND');
    expect(await actionsOf(ctx)).toEqual([
      'workspace.created',
      'member.added',
      'api-key.created',
      'api-key.revoked',
    ]);
    expect(await codeOf(createApiKey(ctx, { name: 'x', scopes: [] }))).toBe('VALIDATION');
  });
});

describe('who is not an admin', () => {
  it.each(['viewer', 'recorder', 'analyst'] as const)('as %s manages nothing', async (role) => {
    const { workspace, adminId } = await freshWorkspace();
    const ctx = contextOf(app, workspace, await addMember(app, workspace, role), role);
    const refused = await Promise.all([
      codeOf(updateWorkspace(ctx, { name: 'Mine', timezone: 'UTC' })),
      codeOf(changeRole(ctx, adminId, { role: 'viewer' })),
      codeOf(removeMember(ctx, adminId)),
      codeOf(invite(ctx, { email: 'x@example.org', role: 'admin' })),
      codeOf(listInvitations(ctx)),
      codeOf(listApiKeys(ctx)),
      codeOf(createApiKey(ctx, { name: 'x', scopes: ['read'] })),
    ]);
    expect(new Set(refused)).toEqual(new Set(['FORBIDDEN']));
  });
});

describe('ids of another workspace', () => {
  it('are not found, and nothing happens to them', async () => {
    const mine = await freshWorkspace();
    const theirs = await freshWorkspace();
    const member = await addMember(app, theirs.workspace, 'viewer');
    const { id: keyId } = await createApiKey(theirs.ctx, { name: 'Theirs', scopes: ['read'] });
    const { id: invitationId } = await invite(theirs.ctx, { email: 'x@example.org', role: 'viewer' });
    const refused = await Promise.all([
      codeOf(revokeApiKey(mine.ctx, keyId)),
      codeOf(revokeInvitation(mine.ctx, invitationId)),
      codeOf(changeRole(mine.ctx, member.id, { role: 'admin' })),
      codeOf(removeMember(mine.ctx, member.id)),
    ]);
    expect(refused).toEqual(['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND']);
    expect((await listApiKeys(theirs.ctx))[0]?.revokedAt).toBeNull();
    expect(await listInvitations(theirs.ctx)).toHaveLength(1);
    expect(await listMembers(theirs.ctx)).toContainEqual(
      expect.objectContaining({ id: member.id, role: 'viewer' }),
    );
  });
});
