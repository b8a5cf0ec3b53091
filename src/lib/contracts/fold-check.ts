import { z } from 'zod';

/** A refold of the log from its first entry, compared bit for bit with the state that figures are read from. */
export const foldCheckViewSchema = z
  .object({
    id: z.uuid(),
    state: z.enum(['running', 'done', 'failed']),
    requestedBy: z.string(),
    position: z.number().int().describe('Log position up to which is compared.'),
    checked: z.number().int().describe('How far the log has been read again.'),
    outcomes: z.number().int().nullable().describe('That stand there; null until it is done.'),
    ok: z.boolean().nullable().describe('Null while it runs, and where it could not be made.'),
    differences: z.array(
      z.object({
        part: z.enum(['image', 'columns', 'space', 'metrics', 'snapshot']),
        section: z.string(),
        count: z.number().int(),
        where: z.array(z.string()).describe('Labels of patterns concerned, or what else says where.'),
      }),
    ),
    error: z.string().nullable(),
    startedAt: z.string(),
    finishedAt: z.string().nullable(),
    durationMs: z.number().int().nullable(),
  })
  .meta({ id: 'FoldCheck' });
export type FoldCheckView = z.infer<typeof foldCheckViewSchema>;

export const foldCheckListSchema = z
  .object({ running: foldCheckViewSchema.nullable(), items: z.array(foldCheckViewSchema) })
  .meta({ id: 'FoldCheckList' });
export type FoldCheckList = z.infer<typeof foldCheckListSchema>;
