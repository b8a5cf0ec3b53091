import type { App } from '../../app.ts';

export type AttributeType = 'string' | 'number' | 'boolean';

/** More than this many attributes of all workspaces together are not remembered; then it begins anew. */
const MOST = 50_000;

export interface KnownTypes {
  get(key: string): AttributeType | undefined;
  /** Only what is committed: what a transaction fixed may still be rolled back. */
  learn(types: ReadonlyMap<string, AttributeType>): void;
}

interface Memory {
  size: number;
  workspaces: Map<string, Map<string, AttributeType>>;
}

/** One memory for each running app: nothing is kept at import time, and tests do not share it. */
const memories = new WeakMap<App, Memory>();

/**
 * The types of attributes that this instance has met. A type never changes once it is fixed and its row is never
 * deleted, so what is known stays true, whichever instance fixed it.
 */
export function knownTypesOf(app: App, workspaceId: string): KnownTypes {
  const memory = memories.get(app) ?? { size: 0, workspaces: new Map() };
  memories.set(app, memory);
  return {
    get: (key) => memory.workspaces.get(workspaceId)?.get(key),
    learn(types) {
      if (memory.size + types.size > MOST) {
        memory.workspaces.clear();
        memory.size = 0;
      }
      const own = memory.workspaces.get(workspaceId) ?? new Map<string, AttributeType>();
      memory.workspaces.set(workspaceId, own);
      const before = own.size;
      for (const [key, type] of types) own.set(key, type);
      memory.size += own.size - before;
    },
  };
}
