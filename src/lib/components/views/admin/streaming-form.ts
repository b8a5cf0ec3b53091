import type { Switch } from '#domain/flags/rollout.ts';

/** What the form of the streaming switch sends, as it was typed. */
export interface StreamingForm {
  choice: string;
  percent: string;
  note: string;
}

export function choiceOf({ on, percent }: Switch): 'everybody' | 'share' | 'nobody' {
  if (!on) return 'nobody';
  return percent === 100 ? 'everybody' : 'share';
}
