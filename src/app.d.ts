import type { IncomingMessage } from 'node:http';
import type { App as Application } from '#lib/server/app.ts';
import type { Actor, SessionInfo } from '#lib/server/context.ts';

declare global {
  namespace App {
    interface Error {
      message: string;
      code?: string;
      errorId?: string;
    }
    /** What adapter-node tells; absent in `vite dev`. */
    interface Platform {
      req: IncomingMessage;
    }
    interface Locals {
      app: Application;
      /** Who acts: a user with a session, an API key, or nobody yet. */
      actor: Actor | null;
      session: SessionInfo | null;
      requestId: string;
      theme: 'light' | 'dark' | 'system';
    }
  }
}

export {};
