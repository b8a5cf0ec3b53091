const KEY = 'live';
const YEAR_SECONDS = 31_536_000;

/**
 * Whether the person of this browser wants live updates. Storage is what pages share; the cookie tells the server, so
 * that the first paint is right. `told`: what the server read from it.
 */
export function readLiveChoice(told: boolean): boolean {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === null ? told : kept !== 'off';
  } catch {
    // Storage may be forbidden; the cookie is enough then.
    return told;
  }
}

export function keepLiveChoice(on: boolean): void {
  const value = on ? 'on' : 'off';
  document.cookie = `${KEY}=${value}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
  try {
    localStorage.setItem(KEY, value);
  } catch {
    // As above.
    return;
  }
}

/** Hears another tab's choice; returns the way to stop. */
export function onLiveChoice(hear: (on: boolean) => void): () => void {
  const listener = (event: StorageEvent) => {
    if (event.key === KEY) hear(event.newValue !== 'off');
  };
  window.addEventListener('storage', listener);
  return () => window.removeEventListener('storage', listener);
}
