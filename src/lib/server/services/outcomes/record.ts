import type { RecordReply } from '#lib/contracts/outcome.ts';
import { requirePermission, type Context } from '../../context.ts';
import type { Sql, TransactionSql } from '../../db/client.ts';
import { withRetries } from '../../db/with-transaction.ts';
import { AppError } from '../../errors.ts';
import { telemetryOf } from '../../telemetry.ts';
import { areTypesFixed, fixAttributeTypes } from '../attribute-types/index.ts';
import { transactOnce, type Once } from '../idempotency/index.ts';
import { closeJourneys } from '../journeys/index.ts';
import { uuidsV7 } from '../../uuid-v7.ts';
import type { OutcomeRow } from './outcome-row.ts';
import { parseOutcomes, refuse, type OutcomeFacts } from './parse-outcomes.ts';
import { sameContent } from './same-content.ts';
import { requireRightSource } from './simulated.ts';
import { findByExternalId, isTaken, reserveEntries, writeOutcomes } from './write-outcomes.ts';

/** How often a request may find that others took its externalIds while it was writing. */
const ATTEMPTS = 20;

export interface RecordOptions {
  source: OutcomeRow['source'];
  /** Facts from before: they raise no notification. */
  backfill?: boolean;
  /** Said in the audit, such as the name of the file. */
  note?: string;
}

function toRow(
  ctx: Context,
  facts: OutcomeFacts,
  id: string,
  entryId: number,
  now: Date,
  options: RecordOptions,
): OutcomeRow {
  return {
    id,
    external_id: facts.externalId,
    subject: facts.subject,
    variant: facts.variant,
    journey_id: facts.journeyId,
    result: facts.result,
    value: facts.value,
    attributes: facts.attributes,
    note: facts.note,
    occurred_at: facts.occurredAtMs === null ? now : new Date(facts.occurredAtMs),
    recorded_at: now,
    recorded_by: ctx.actor.name,
    source: options.source,
    revision: 1,
    entry_id: entryId,
    position: null,
    backfill: options.backfill ?? false,
    deleted_at: null,
  };
}

type Known = ReadonlyMap<string, OutcomeRow>;

function replyOf(
  all: readonly OutcomeFacts[],
  written: ReadonlyMap<number, OutcomeRow>,
  known: Known,
): RecordReply {
  const items = all.map((facts): RecordReply['items'][number] => {
    const row = written.get(facts.index);
    if (row !== undefined) return { id: row.id, externalId: row.external_id, duplicate: false };
    const former = facts.externalId === null ? undefined : known.get(facts.externalId);
    if (former === undefined) throw new Error(`Item ${facts.index} was neither written nor known.`);
    const differs = sameContent(facts, former) ? {} : { differs: true };
    return { id: former.id, externalId: former.external_id, duplicate: true, ...differs };
  });
  return { accepted: written.size, duplicates: items.length - written.size, items };
}

/** Writes what is new of these outcomes; `tx` is the pool itself when nothing but `writeOutcomes` writes. */
async function recordFresh(
  tx: TransactionSql | Sql,
  ctx: Context,
  all: readonly OutcomeFacts[],
  options: RecordOptions,
): Promise<RecordReply> {
  const externalIds = all.flatMap((facts) => facts.externalId ?? []);
  const [known, { now, entryIds }] = await Promise.all([
    findByExternalId(tx, ctx.workspace.id, externalIds),
    reserveEntries(tx, all.length),
  ]);
  const fresh = all.filter((facts) => facts.externalId === null || !known.has(facts.externalId));
  const ids = uuidsV7(fresh.length, now.getTime());
  const written = new Map(
    fresh.map((facts, i) => [facts.index, toRow(ctx, facts, ids[i] ?? '', entryIds[i] ?? 0, now, options)]),
  );

  const issues = await fixAttributeTypes(tx, ctx, fresh);
  if (issues.length > 0) refuse(issues);
  const closing = [...written].flatMap(([index, { journey_id, id, result, occurred_at }]) =>
    journey_id === null ? [] : [{ index, journeyId: journey_id, outcomeId: id, result, at: occurred_at }],
  );
  await writeOutcomes(tx, ctx, [...written.values()], options.note);
  const unclosed = await closeJourneys(tx, ctx, closing);
  if (unclosed.length > 0) refuse(unclosed);
  return replyOf(all, written, known);
}

/** In one transaction: that of the one statement when nothing else is written, which saves begin and commit. */
async function recordAll(
  ctx: Context,
  all: readonly OutcomeFacts[],
  options: RecordOptions,
  once: Once | null,
): Promise<{ answer: RecordReply; replayed: boolean }> {
  const { sql } = ctx.app.db;
  const fixed = await areTypesFixed(ctx, all);
  if (fixed && once === null && all.every(({ journeyId }) => journeyId === null)) {
    return { answer: await withRetries(() => recordFresh(sql, ctx, all, options)), replayed: false };
  }
  return transactOnce(ctx, once, (tx) => recordFresh(tx, ctx, all, options));
}

/** Every request that took an externalId first has committed, so the next attempt finds it there. */
async function recordUntilKnown(...of: Parameters<typeof recordAll>): ReturnType<typeof recordAll> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await recordAll(...of);
    } catch (thrown) {
      if (!isTaken(thrown)) throw thrown;
      if (attempt < ATTEMPTS) continue;
      throw new AppError('CONFLICT', 'Others record the same externalIds right now. Send this again.', {
        cause: thrown,
        retryAfterSeconds: 1,
      });
    }
  }
}

/**
 * Records outcomes: all of them, or none when one is invalid. The one verb of the form, the API, the importer and the
 * simulator. Each input is checked against `OutcomeInput`; the order of the items is their order in the log. An
 * externalId that was seen before adds nothing and is answered with the outcome that has it. With `once`, a
 * repetition changes nothing and gets the same answer.
 * @throws AppError VALIDATION (with `index` and `path`), FORBIDDEN, CONFLICT (the same request still runs)
 */
export async function recordOutcomesOnce(
  ctx: Context,
  inputs: readonly unknown[],
  options: RecordOptions,
  once: Once | null,
): Promise<{ reply: RecordReply; replayed: boolean }> {
  requirePermission(ctx, 'record');
  requireRightSource(ctx, options.source);
  const all = parseOutcomes(inputs, ctx.app.now());
  const { answer, replayed } = await recordUntilKnown(ctx, all, options, once);
  if (!replayed && answer.accepted > 0) {
    ctx.app.doorbell.ringLog(ctx.workspace.id);
    ctx.app.doorbell.ringFeed();
    telemetryOf(ctx.app).outcomesRecorded.inc({ source: options.source }, answer.accepted);
  }
  return { reply: answer, replayed };
}

/** `recordOutcomesOnce` without a key. */
export async function recordOutcomes(
  ctx: Context,
  inputs: readonly unknown[],
  options: RecordOptions,
): Promise<RecordReply> {
  const { reply } = await recordOutcomesOnce(ctx, inputs, options, null);
  return reply;
}
