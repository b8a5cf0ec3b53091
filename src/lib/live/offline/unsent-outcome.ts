import type { OutcomeFormValues } from '#lib/contracts/outcome-form.ts';
import type { Issue } from '#lib/contracts/problem.ts';

/** An outcome that was recorded here and of which no answer says yet that it is saved. */
export interface UnsentOutcome {
  /** Order of recording in this browser. */
  seq: number;
  /** Whose it is, as `ownerOf` names it. Nobody else sends or sees it. */
  owner: string;
  /** What was typed; `values.once` is the key that makes it one outcome however often it is sent. */
  values: OutcomeFormValues;
  /** By this browser's clock, milliseconds since 1970. */
  recordedAt: number;
  /** Sendings begun. */
  attempts: number;
  /** Those of them on which the server failed; none where it is missing. */
  faults?: number;
  /** 1 at first, one more with each edit. */
  version: number;
  /** The version of the first sending whose answer never came: it may be saved. Null: surely not saved. */
  uncertain: number | null;
  /** Why it is held until a person changes it; null: it waits to be sent. */
  trouble: Trouble | null;
}

export interface Trouble {
  /** `refused`: as it is, the server will not take it. `saved-before`: it is saved, as it was before an edit. */
  kind: 'refused' | 'saved-before';
  message: string;
  issues: readonly Issue[];
}

/** Outcomes belong to a person in a workspace, both by id: slugs and logins change hands. */
export const ownerOf = (workspaceId: string, userId: string): string => `${workspaceId}/${userId}`;

/** What became of one sending. */
export type SendAnswer =
  | { kind: 'saved'; id: string; duplicate: boolean }
  | { kind: 'held'; trouble: Trouble }
  /** Nobody, or somebody else, is logged in. */
  | { kind: 'login' }
  /** The person may no longer record here. */
  | { kind: 'forbidden'; message: string }
  /** `fault`: the server fails on this one, perhaps not on others. */
  | { kind: 'later'; reason: 'network' | 'busy' | 'fault'; afterMs: number | null };

/** Whether the server failed on this one, which says nothing of the others. */
export const isFault = (answer: SendAnswer): boolean => answer.kind === 'later' && answer.reason === 'fault';

/** Whether an answer proves that nothing was written by this sending. */
export const provesUnsaved = (answer: SendAnswer): boolean =>
  answer.kind === 'login' || answer.kind === 'forbidden' || answer.kind === 'held';

export const SAVED_BEFORE: Trouble = {
  kind: 'saved-before',
  message:
    'It is saved as it was before the edit: correct it in the list of outcomes and discard it here. Recorded from the form again, it is another outcome.',
  issues: [],
};
