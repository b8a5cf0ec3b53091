import { CURSOR } from '#lib/contracts/feed.ts';

export interface Cursor {
  epoch: string;
  seq: number;
}

export const formatCursor = (epoch: string, seq: number): string => `${epoch}-${seq}`;

/** Null for anything that this product never gave out. */
export function parseCursor(text: string): Cursor | null {
  if (text.length > 64 || !CURSOR.test(text)) return null;
  const dash = text.indexOf('-');
  const seq = Number(text.slice(dash + 1));
  return Number.isSafeInteger(seq) ? { epoch: text.slice(0, dash), seq } : null;
}
