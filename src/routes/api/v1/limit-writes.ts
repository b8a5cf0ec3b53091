import type { Context } from '#lib/server/context.ts';

/** One writing request of this key or person. @throws AppError RATE_LIMITED */
export function limitWrites(ctx: Context): Promise<void> {
  return ctx.app.limits.write(ctx.actor.id ?? ctx.actor.name);
}
