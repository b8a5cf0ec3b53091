import { toast } from 'svelte-sonner';
import Toast from './Toast.svelte';

export interface SavedToast {
  message: string;
  /** Second line. */
  detail?: string;
  /** With a key the second line can be filled in later, e.g. once the outcome is counted. */
  key?: string;
  action?: { label: string; run: () => void };
}

const shown = new Map<string, SavedToast>();

/** Says what was saved. Never for errors of a field and never for alerts. Browser only. */
export function toastSaved(options: SavedToast): void {
  toast.dismiss();
  shown.clear();
  if (options.key !== undefined) shown.set(options.key, options);
  toast.custom(Toast, {
    ...(options.key !== undefined && { id: options.key }),
    componentProps: { ...options },
  });
}

/** Fills in the second line of a toast that is still shown ("Counted as #45,211"); otherwise nothing. */
export function updateToast(key: string, detail: string): void {
  const options = shown.get(key);
  const visible = toast.getActiveToasts().some((item) => item.id === key);
  if (!options || !visible) return;
  toast.custom(Toast, { id: key, componentProps: { ...options, detail } });
}
