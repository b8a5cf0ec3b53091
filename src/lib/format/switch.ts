import type { Switch } from '#lib/domain/flags/rollout.ts';

/** How a switch of the installation stands: `on for everybody`, `on for 25% of users and keys`, `off`. */
export function switchWords({ on, percent }: Switch): string {
  if (!on || percent === 0) return 'off';
  return percent === 100 ? 'on for everybody' : `on for ${percent}% of users and keys`;
}

/** A switch as a person writes it: `on`, `off`, `25`, `25%`; null for anything else. */
export function parseSwitch(text: string): Switch | null {
  const state = text.trim();
  if (state === 'on' || state === 'off') return { on: state === 'on', percent: 100 };
  const percent = Number(/^(\d{1,3})%?$/.exec(state)?.[1] ?? NaN);
  return percent <= 100 ? { on: true, percent } : null;
}
