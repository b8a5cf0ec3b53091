/** The form that something was typed or chosen in, if it is one that saves. */
function savingForm({ target }: Event): HTMLFormElement | null {
  const form = target !== null && 'form' in target ? (target.form as HTMLFormElement | null) : null;
  return form?.method === 'post' ? form : null;
}

export interface Typed {
  /** Something that was typed in the page waits to be sent. */
  waits(): boolean;
  stop(): void;
}

/** Watches the forms of the page that save. `onSent`: one was sent or emptied. */
export function watchTyped(onSent: () => void): Typed {
  const forms = new Set<EventTarget & { isConnected: boolean }>();
  const typed = (event: Event) => {
    const form = savingForm(event);
    if (form !== null) forms.add(form);
  };
  const sent = ({ target }: Event) => {
    for (const form of forms) if (form === target) forms.delete(form);
    onSent();
  };
  document.addEventListener('input', typed);
  document.addEventListener('submit', sent);
  document.addEventListener('reset', sent);
  return {
    waits: () => [...forms].some((form) => form.isConnected),
    stop() {
      document.removeEventListener('input', typed);
      document.removeEventListener('submit', sent);
      document.removeEventListener('reset', sent);
    },
  };
}
