/** Lets the space bar press a link that acts as a button, as it does buttons. */
export function pressOnSpace(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  if (event.key !== ' ') return;
  event.preventDefault();
  event.currentTarget.click();
}
