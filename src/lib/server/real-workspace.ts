import type { Context } from './context.ts';
import { forbidden } from './errors.ts';

/** What people may not do by hand among simulated data. @throws AppError FORBIDDEN */
export function requireRealWorkspace(ctx: Context): void {
  if (ctx.workspace.simulated && ctx.actor.type !== 'system') {
    throw forbidden('This workspace holds simulated data, which is not changed by hand.');
  }
}
