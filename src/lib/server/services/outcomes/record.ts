import type { RecordReply } from '#lib/contracts/outcome.ts';
import { requirePermission, type Context } from '../../context.ts';
import type { TransactionSql } from '../../db/client.ts';
import { telemetryOf } from '../../telemetry.ts';
import { fixAttributeTypes } from '../attribute-types/index.ts';
import { transactOnce, type Once } from '../idempotency/index.ts';
import { closeJourneys } from '../journeys/index.ts';
import { announceRecorded } from './announce.ts';
import { uuidsV7 } from '../../uuid-v7.ts';
import { toOutcomeView, type OutcomeRow } from './outcome-row.ts';
import { parseOutcomes, refuse, type OutcomeFacts } from './parse-outcomes.ts';
import { sameContent } from './same-content.ts';
import { requireRightSource } from './simulated.ts';
import { findByExternalId, reserveEntries, writeOutcomes } from './write-outcomes.ts';

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

async function recordInTransaction(
  tx: TransactionSql,
  ctx: Context,
  all: readonly OutcomeFacts[],
  options: RecordOptions,
): Promise<RecordReply> {
  const externalIdsOf = (some: readonly OutcomeFacts[]) => some.flatMap((facts) => facts.externalId ?? []);
  let known: Known = await findByExternalId(tx, ctx.workspace.id, externalIdsOf(all));
  const fresh = all.filter((facts) => facts.externalId === null || !known.has(facts.externalId));
  if (fresh.length === 0) return replyOf(all, new Map(), known);

  const { now, entryIds } = await reserveEntries(tx, fresh.length);
  const ids = uuidsV7(fresh.length, now.getTime());
  const rows = fresh.map((facts, i) => toRow(ctx, facts, ids[i] ?? '', entryIds[i] ?? 0, now, options));
  const kept = await writeOutcomes(tx, ctx.workspace.id, rows);
  const written = new Map<number, OutcomeRow>();
  fresh.forEach((facts, i) => {
    const row = rows[i];
    if (row !== undefined && kept.has(row.id)) written.set(facts.index, row);
  });
  // A concurrent request was faster with some externalIds: it has committed, or the insert would still wait.
  const lost = fresh.filter((facts) => !written.has(facts.index));
  if (lost.length > 0) {
    known = new Map([...known, ...(await findByExternalId(tx, ctx.workspace.id, externalIdsOf(lost)))]);
  }

  const bearers = [...written].map(([index, row]) => ({ index, attributes: row.attributes }));
  const issues = await fixAttributeTypes(tx, ctx.workspace.id, bearers);
  if (issues.length > 0) refuse(issues);
  const closing = [...written].flatMap(([index, { journey_id, id, result, occurred_at }]) =>
    journey_id === null ? [] : [{ index, journeyId: journey_id, outcomeId: id, result, at: occurred_at }],
  );
  const unclosed = await closeJourneys(tx, ctx, closing);
  if (unclosed.length > 0) refuse(unclosed);
  await announceRecorded(tx, ctx, [...written.values()].map(toOutcomeView), options.note);
  return replyOf(all, written, known);
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
  const { answer, replayed } = await transactOnce(ctx, once, (tx) =>
    recordInTransaction(tx, ctx, all, options),
  );
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
