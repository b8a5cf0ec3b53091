/** A cursor is `<epoch>-<seq>`: a history and a place in its gap-free sequence. */
export const seqOf = (cursor: string): number => Number(cursor.slice(cursor.lastIndexOf('-') + 1));
export const epochOf = (cursor: string): string => cursor.slice(0, cursor.lastIndexOf('-'));

/** Whether what stands at `cursor` is known to someone who has handled everything up to `handled`. */
export const isKnown = (cursor: string, handled: string | null): boolean =>
  handled !== null && epochOf(cursor) === epochOf(handled) && seqOf(cursor) <= seqOf(handled);
