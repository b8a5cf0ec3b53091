const SETTLED = 'telltale:settled';

/** Tells the page that nothing typed in this form waits to be sent: it was saved, or taken back. */
export function tellSettled(form: EventTarget): void {
  form.dispatchEvent(new Event(SETTLED, { bubbles: true }));
}

/** Hears of every form of the page that was emptied or is settled; returns the way to stop. */
export function onSettled(hear: (form: EventTarget | null) => void): () => void {
  const listener = ({ target }: Event) => hear(target);
  document.addEventListener('reset', listener);
  document.addEventListener(SETTLED, listener);
  return () => {
    document.removeEventListener('reset', listener);
    document.removeEventListener(SETTLED, listener);
  };
}
