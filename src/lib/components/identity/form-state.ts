import type { SubmitFunction } from '@sveltejs/kit';
import { tick } from 'svelte';
import { focusFirstFault } from '#lib/components/ui/first-fault.ts';
import { tellSettled } from '#lib/components/ui/settled.ts';
import type { Issue } from '#lib/contracts/problem.ts';

/** The first message for each field. A message about an item of a list belongs to the list. */
export function messagesOf(issues: readonly Issue[] | undefined): Record<string, string | undefined> {
  const messages: Record<string, string | undefined> = {};
  for (const { path, message } of issues ?? []) {
    const field = path.split('.')[0] ?? path;
    messages[field] ??= message;
  }
  return messages;
}

type Saved = 'keep' | 'clear';

/** Without JavaScript the server renders the same page with the same messages. */
function submitting(whenSaved: Saved): SubmitFunction {
  return ({ formElement, submitter }) => {
    const button = submitter instanceof HTMLButtonElement ? submitter : null;
    if (button !== null) button.disabled = true;
    return async ({ result, update }) => {
      await update({ reset: whenSaved === 'clear' && result.type === 'success' });
      if (button !== null) button.disabled = false;
      if (result.type === 'success') tellSettled(formElement);
      if (result.type !== 'failure') return;
      await tick();
      focusFirstFault(formElement);
    };
  };
}

/**
 * For `use:enhance` of a form that shows what is: keeps what was typed, and goes to the first field that needs
 * attention when nothing was saved.
 */
export const keepTyped: SubmitFunction = submitting('keep');

/** The same for a form that makes something: empty again once it was made. */
export const clearWhenSaved: SubmitFunction = submitting('clear');
