import type { PersonHere } from '#lib/contracts/presence.ts';

export interface PresentRow {
  userId: string;
  name: string;
  since: Date;
}

export const personHere = ({ userId, name, since }: PresentRow): PersonHere => ({
  userId,
  name,
  since: since.toISOString(),
});
