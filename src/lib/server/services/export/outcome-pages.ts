import type { AttributeValue, Result } from '#lib/contracts/outcome.ts';
import type { Context } from '../../context.ts';

const ROWS_A_PAGE = 1_000;

/** An outcome as it is exported, with the place of its entry. */
export interface PagedOutcome {
  id: string;
  externalId: string | null;
  subject: string;
  variant: string | null;
  result: Result;
  value: number | null;
  attributes: Record<string, AttributeValue>;
  occurred_at: Date;
  note: string | null;
  /** The position in the log, or the entry's id where it had none yet. */
  place: number;
}

/** What was in the log when reading began: every later entry has a higher id. */
interface Bound {
  lastId: number;
  lastPosition: number;
}

/**
 * The outcomes that stand, page by page in the order of the log: first by position, then those that waited for one.
 * Each page is a short query of its own, so nothing is held between them. Entries written after the first are left
 * out, and an outcome that they changed stays in its old place, once.
 */
export async function* outcomePages(ctx: Context): AsyncGenerator<PagedOutcome[], void, undefined> {
  const [bound] = await ctx.app.db.sql<(Bound & { firstWaiting: number | null })[]>`
    select coalesce((select max(id) from log_entries), 0) as "lastId",
      coalesce((select max(position) from log_entries where workspace_id = ${ctx.workspace.id}
        and position is not null), 0) as "lastPosition",
      (select min(id) from log_entries where workspace_id = ${ctx.workspace.id} and position is null) as "firstWaiting"`;
  if (bound === undefined) throw new Error('The database did not say where the log ends.');
  yield* pagesBy(0, (after) => placedPage(ctx, bound, after));
  // They may be placed while they are read, so they go by the id, which never changes.
  if (bound.firstWaiting !== null)
    yield* pagesBy(bound.firstWaiting - 1, (after) => waitingPage(ctx, bound, after));
}

async function* pagesBy(
  start: number,
  read: (after: number) => Promise<PagedOutcome[]>,
): AsyncGenerator<PagedOutcome[], void, undefined> {
  let after = start;
  for (;;) {
    const page = await read(after);
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    if (page.length < ROWS_A_PAGE) return;
    after = last.place;
  }
}

const columns = (ctx: Context) => ctx.app.db.sql`
  o.id, o.external_id as "externalId", o.subject, o.variant, o.result, o.value, o.attributes, o.occurred_at, o.note`;

/** Whether entry `e` is the one by which outcome `o` stood at the bound. Rarely looks beyond the first comparison. */
const held = (ctx: Context, { lastId }: Bound) => ctx.app.db.sql`
  e.kind = 'add' and o.deleted_at is null and (o.entry_id = e.id or o.entry_id > ${lastId} and not exists (
    select from log_entries as r
    where r.workspace_id = e.workspace_id and r.retracts = e.id and r.id <= ${lastId}))`;

function placedPage(ctx: Context, bound: Bound, after: number): Promise<PagedOutcome[]> {
  return ctx.app.db.sql<PagedOutcome[]>`
    select ${columns(ctx)}, e.position as place
    from log_entries as e join outcomes as o on o.id = e.outcome_id
    where e.workspace_id = ${ctx.workspace.id} and e.position > ${after} and e.position <= ${bound.lastPosition}
      and ${held(ctx, bound)}
    order by e.position limit ${ROWS_A_PAGE}`;
}

function waitingPage(ctx: Context, bound: Bound, after: number): Promise<PagedOutcome[]> {
  return ctx.app.db.sql<PagedOutcome[]>`
    select ${columns(ctx)}, e.id as place
    from log_entries as e join outcomes as o on o.id = e.outcome_id
    where e.workspace_id = ${ctx.workspace.id} and e.id > ${after} and e.id <= ${bound.lastId}
      and (e.position is null or e.position > ${bound.lastPosition}) and ${held(ctx, bound)}
    order by e.id limit ${ROWS_A_PAGE}`;
}
