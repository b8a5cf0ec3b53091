/** Goes to the first field that needs attention; of a group of choices, to its first choice. Browser only. */
export function focusFirstFault(form: HTMLFormElement): void {
  form
    .querySelector<HTMLElement>('[aria-invalid="true"]:not(fieldset), fieldset[aria-invalid="true"] input')
    ?.focus();
}
