import { randomUUID } from 'node:crypto';
import type { App } from '#lib/server/app.ts';
import {
  permissionsOfRole,
  permissionsOfScopes,
  type Actor,
  type Context,
  type WorkspaceInfo,
} from '#lib/server/context.ts';
import type { Database } from '#lib/server/db/client.ts';
import { readEnv } from '#lib/server/env.ts';
import { ensurePartitions } from '#lib/server/event-log/partitions.ts';

const nothing = () => undefined;

/** What a test saw ring. */
export interface Rings {
  log: string[];
  feed: number;
}

/**
 * An App for service verbs without folds and feed: the database is real, the doorbell only notes what rang. Give
 * parts to replace others.
 */
export async function createTestApp(
  database: Database,
  parts: Partial<App> = {},
): Promise<App & { rings: Rings }> {
  await ensurePartitions(database);
  const rings: Rings = { log: [], feed: 0 };
  const refuse = () => Promise.reject(new Error('This test app folds nothing.'));
  return {
    db: database,
    env: readEnv({}),
    doorbell: {
      ringLog: (workspaceId) => rings.log.push(workspaceId),
      ringFeed: () => (rings.feed += 1),
      onLog: () => nothing,
      onFeed: () => nothing,
      ringSequenced: nothing,
      onSequenced: () => nothing,
    },
    folds: { of: refuse, readApplied: refuse, waitFor: refuse, check: refuse, health: () => [] },
    limits: {
      login: () => Promise.resolve(),
      loginSucceeded: () => Promise.resolve(),
      write: () => Promise.resolve(),
      openStream: () => Promise.resolve(),
    },
    feed: {
      open: refuse,
      turnAway: () => new Response(null),
      head: () => new Response(null),
      poll: refuse,
      pollHead: () => new Response(null),
      recheck: nothing,
      drain: () => Promise.resolve(),
      stats: () => ({
        streams: 0,
        polls: 0,
        opened: { stream: 0, poll: 0 },
        refused: 0,
        read: 0,
        joined: 0,
        delivered: 0,
        deliveredBytes: 0,
        coalesced: 0,
        replays: 0,
        snapshots: { built: 0, sent: 0 },
        head: 'test-0',
        ringEvents: 0,
        ringBytes: 0,
        resets: {},
        goaways: {},
        failed: 0,
        slowestLagMs: 0,
        latency: { bounds: [0.1], counts: [0, 0], count: 0, sum: 0 },
        resume: { bounds: [0.1], counts: [0, 0], count: 0, sum: 0 },
        established: { bounds: [0.1], counts: [0, 0], count: 0, sum: 0 },
        sequencing: false,
      }),
    },
    flags: {
      streamingFor: () => true,
      onChange: () => () => undefined,
      refresh: () => Promise.resolve(),
    },
    draining: new AbortController().signal,
    instance: 'test',
    now: () => Date.now(),
    ...parts,
    rings,
  };
}

/** A new workspace, so that tests on one database do not see each other. */
export async function createTestWorkspace(
  database: Database,
  about: Partial<WorkspaceInfo> = {},
): Promise<WorkspaceInfo> {
  const workspace: WorkspaceInfo = {
    id: randomUUID(),
    slug: `w-${randomUUID().slice(0, 8)}`,
    name: 'Test workspace',
    preset: 'content',
    timezone: 'UTC',
    simulated: false,
    ...about,
  };
  await database.sql`
    insert into workspaces (id, slug, name, preset, timezone, simulated)
    values (${workspace.id}, ${workspace.slug}, ${workspace.name}, ${workspace.preset}, ${workspace.timezone},
      ${workspace.simulated})`;
  return workspace;
}

export const testUser = (name = 'Mira Costa'): Actor & { type: 'user' } => ({
  type: 'user',
  id: randomUUID(),
  name,
  email: `${randomUUID()}@example.com`,
});

/** A context as `authorize` makes it: a person with a role, or a key with its own scopes. */
export function testContext(
  app: App,
  workspace: WorkspaceInfo,
  actor: Actor = testUser(),
  role: 'viewer' | 'recorder' | 'analyst' | 'admin' = 'admin',
): Context {
  return {
    app,
    workspace,
    actor,
    permissions: actor.type === 'api-key' ? permissionsOfScopes(actor.scopes) : permissionsOfRole(role),
    requestId: `test-${randomUUID()}`,
    ip: '127.0.0.1',
    now: app.now,
  };
}
