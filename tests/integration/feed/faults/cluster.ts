import type { WorkspaceInfo } from '#lib/server/context.ts';
import { readCursor } from '#lib/server/event-log/index.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/test-database.ts';
import { startFeedServer, type FeedServer, type FeedServerOptions } from '../feed-server.ts';
import { Follower, type Target } from './follower.ts';
import { among, choices } from './seed.ts';
import { startWriters, type Workload } from './workload.ts';

/** Several instances on one database, clients that move between them, and writers. */
export class Cluster {
  readonly instances: { server: FeedServer; target: Target }[] = [];
  readonly followers: Follower[] = [];
  readonly db: TestDatabase;
  readonly workspace: WorkspaceInfo;
  readonly #options: FeedServerOptions;

  private constructor(db: TestDatabase, workspace: WorkspaceInfo, options: FeedServerOptions) {
    this.db = db;
    this.workspace = workspace;
    this.#options = options;
  }

  static async start(instances: number, options: FeedServerOptions = {}): Promise<Cluster> {
    const db = options.db ?? (await createTestDatabase({ max: 30 }));
    const first = await startFeedServer({ ...options, db });
    const cluster = new Cluster(db, await first.addWorkspace('one'), options);
    await cluster.#join(first);
    while (cluster.instances.length < instances) await cluster.add();
    return cluster;
  }

  async #join(server: FeedServer): Promise<{ server: FeedServer; target: Target }> {
    const instance = {
      server,
      target: { url: server.url, token: (await server.addKey(this.workspace)).token },
    };
    this.instances.push(instance);
    return instance;
  }

  async add(options: FeedServerOptions = {}): Promise<{ server: FeedServer; target: Target }> {
    return this.#join(await startFeedServer({ ...this.#options, db: this.db, ...options }));
  }

  async remove(index: number): Promise<void> {
    const [gone] = this.instances.splice(index, 1);
    await gone?.server.stop();
  }

  instance(index: number): { server: FeedServer; target: Target } {
    const found = this.instances[index];
    if (found === undefined) throw new RangeError(`There is no instance ${index}.`);
    return found;
  }

  cursor(): Promise<string> {
    return readCursor(this.db.sql);
  }

  /** Clients that begin at the present end and connect to any instance each time. */
  async follow(count: number, target?: () => Target, from?: string): Promise<Follower[]> {
    const since = from ?? (await this.cursor());
    const random = choices('clients');
    const some = Array.from(
      { length: count },
      () =>
        new Follower({
          target: target ?? (() => among(this.instances, random).target),
          sql: this.db.sql,
          workspaceId: this.workspace.id,
          random,
          since,
        }),
    );
    this.followers.push(...some);
    return some;
  }

  workload(more: Partial<Workload> = {}): Workload {
    return {
      sql: this.db.sql,
      workspaceId: this.workspace.id,
      random: choices('writers'),
      ring: () => this.instances[0]?.server.doorbell.ringFeed(),
      ...more,
    };
  }

  writers(count: number, more: Partial<Workload> = {}, options: Parameters<typeof startWriters>[2] = {}) {
    return startWriters(this.workload(more), count, options);
  }

  async expectComplete(deadlineMs?: number): Promise<void> {
    for (const follower of this.followers) await follower.expectComplete(deadlineMs);
  }

  async stop(): Promise<void> {
    await Promise.all(this.followers.map((follower) => follower.stop()));
    for (const { server } of this.instances) await server.stop();
    if (this.#options.db === undefined) await this.db.drop();
  }
}

/** Waits for `ms`, to let a fault go on; what is expected afterwards is waited for, not slept for. */
export const lasting = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
