import { z } from 'zod';

/** Somebody who has a page of the workspace open. Others learn the name and no more. */
export const personHereSchema = z
  .object({
    userId: z.uuid(),
    name: z.string(),
    since: z.string().describe('When this visit began.'),
  })
  .meta({ id: 'PersonHere' });
export type PersonHere = z.infer<typeof personHereSchema>;

export const peopleHereSchema = z
  .object({ items: z.array(personHereSchema).describe('Who came first is first.') })
  .meta({ id: 'PeopleHere' });
export type PeopleHere = z.infer<typeof peopleHereSchema>;
