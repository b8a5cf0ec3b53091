const YEAR_SECONDS = 31_536_000;

/** Keeps a choice of this browser where the server sees it with the next page. */
export function remember(name: 'theme' | 'keys', value: string): void {
  document.cookie = `${name}=${value}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
}
