import { getContext, hasContext, setContext } from 'svelte';

const QUIET = Symbol('quiet');

/** Says when changed figures below may not flash, e.g. while the page catches up. */
export function provideQuiet(quiet: () => boolean): void {
  setContext(QUIET, quiet);
}

export function useQuiet(): () => boolean {
  return hasContext(QUIET) ? getContext<() => boolean>(QUIET) : () => false;
}
