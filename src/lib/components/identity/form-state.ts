import type { SubmitFunction } from '@sveltejs/kit';
import { tick } from 'svelte';
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

/**
 * For `use:enhance`: keeps what was typed when nothing was saved and goes to the first field that needs attention.
 * Without JavaScript the server renders the same page with the same messages.
 */
export const keepTyped: SubmitFunction = ({ formElement }) => {
  const button = formElement.querySelector<HTMLButtonElement>('button[type="submit"], button:not([type])');
  if (button !== null) button.disabled = true;
  return async ({ result, update }) => {
    await update({ reset: result.type === 'success' });
    if (button !== null) button.disabled = false;
    if (result.type !== 'failure') return;
    await tick();
    formElement.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  };
};
