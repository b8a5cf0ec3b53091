/**
 * The id of a row that has none of its own: the first 12 hex digits of the SHA-256 of the file's bytes (after
 * unpacking) and the row's number. The same file gives the same ids whichever way and however often it is imported,
 * so it adds nothing twice; equal rows of one file stay different outcomes.
 */
export function externalIdOfRow(digest: string, row: number): string {
  return `csv:${digest.slice(0, 12)}:${row}`;
}
