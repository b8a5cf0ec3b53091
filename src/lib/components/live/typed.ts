import { onSettled } from '#lib/components/ui/settled.ts';

/** The form that something was typed or chosen in, if it is one that saves. */
function savingForm({ target }: Event): HTMLFormElement | null {
  const form = target !== null && 'form' in target ? (target.form as HTMLFormElement | null) : null;
  return form?.method === 'post' ? form : null;
}

export interface Typed {
  /** Something that was typed in the page waits to be sent, or for the answer. */
  waits(): boolean;
  stop(): void;
}

/** Watches the forms of the page that save. `settled`: in one of them nothing waits any more. */
export function watchTyped(settled: () => void): Typed {
  const forms = new Set<EventTarget & { isConnected: boolean }>();
  const typed = (event: Event) => {
    const form = savingForm(event);
    if (form !== null) forms.add(form);
  };
  const unhear = onSettled((target) => {
    for (const form of forms) if (form === target) forms.delete(form);
    settled();
  });
  document.addEventListener('input', typed);
  return {
    waits: () => [...forms].some((form) => form.isConnected),
    stop() {
      document.removeEventListener('input', typed);
      unhear();
    },
  };
}
