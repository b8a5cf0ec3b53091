import { requirePermission, type Context } from '../../context.ts';
import { listApiKeys } from '../api-keys/index.ts';
import { listMembers } from '../members/index.ts';

interface Named {
  id: string;
  name: string;
}

export interface Actors {
  people: Named[];
  /** Revoked ones, too. */
  keys: Named[];
}

/** Whose activity can be asked for. @throws AppError FORBIDDEN */
export async function listActors(ctx: Context): Promise<Actors> {
  requirePermission(ctx, 'manage');
  const [members, keys] = await Promise.all([listMembers(ctx), listApiKeys(ctx)]);
  const named = ({ id, name }: Named): Named => ({ id, name });
  return { people: members.map(named), keys: keys.map(named) };
}
