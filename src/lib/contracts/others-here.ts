import type { PersonHere } from './presence.ts';

/** How many are listed by name at most. */
export const MOST_OTHERS = 50;

/** Who else is here, as a page is read with it. */
export interface OthersHere {
  /** The first that came, `MOST_OTHERS` at most. */
  items: PersonHere[];
  /** Of all. */
  count: number;
  /** When that was so; ISO 8601. */
  at: string;
}
