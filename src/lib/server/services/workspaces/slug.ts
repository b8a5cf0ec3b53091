const MAX_LENGTH = 48;
const FALLBACK = 'workspace';

/** The part of the address that names a workspace: "Anrufe für Köln" becomes "anrufe-fur-koln". */
export function slugFrom(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_LENGTH)
    .replace(/^-+|-+$/g, '');
  return slug === '' ? FALLBACK : slug;
}

/** The slug itself, then with 2, 3, 4 … at its end, never longer than allowed. */
export function slugCandidate(slug: string, attempt: number): string {
  if (attempt === 1) return slug;
  const ending = `-${attempt}`;
  return slug.slice(0, MAX_LENGTH - ending.length).replace(/-+$/, '') + ending;
}
