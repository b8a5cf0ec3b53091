import type { Env } from '../env.ts';

/** Places for readers, of each owner and of the instance. */
export interface Places {
  /** False when there is none. */
  take(owner: string): boolean;
  give(owner: string): void;
}

export function createPlaces(env: Pick<Env, 'TELLTALE_STREAMS' | 'TELLTALE_STREAMS_PER_KEY'>): Places {
  const perOwner = new Map<string, number>();
  let taken = 0;
  return {
    take(owner) {
      const own = perOwner.get(owner) ?? 0;
      if (own >= env.TELLTALE_STREAMS_PER_KEY || taken >= env.TELLTALE_STREAMS) return false;
      perOwner.set(owner, own + 1);
      taken += 1;
      return true;
    },
    give(owner) {
      taken -= 1;
      const own = (perOwner.get(owner) ?? 1) - 1;
      if (own > 0) perOwner.set(owner, own);
      else perOwner.delete(owner);
    },
  };
}
