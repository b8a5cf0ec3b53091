import type { Switch } from '#lib/domain/flags/rollout.ts';

/** How a switch of the installation stands: `on for everybody`, `on for 25% of users and keys`, `off`. */
export function switchWords({ on, percent }: Switch): string {
  if (!on || percent === 0) return 'off';
  return percent === 100 ? 'on for everybody' : `on for ${percent}% of users and keys`;
}
