import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { recordReplySchema } from '#lib/contracts/outcome.ts';
import { callApi } from './cli-api.ts';
import type { CheckedFile } from './cli-csv.ts';
import { createProgress } from './cli-progress.ts';
import { say } from './cli-run.ts';
import type { Target } from './cli-target.ts';

export interface Sent {
  added: number;
  duplicates: number;
  differing: number;
}

const LARGEST_LIVE_GROUP = 100;

/** Sends outcomes in order, one batch after the other, each once however often it must be tried. */
export async function sendInBatches(target: Target, file: CheckedFile, batchSize: number): Promise<Sent> {
  const sent: Sent = { added: 0, duplicates: 0, differing: 0 };
  const progress = createProgress(file.total);
  let batch: object[] = [];
  for await (const outcome of file.outcomes()) {
    batch.push(outcome);
    if (batch.length < batchSize) continue;
    await send(target, batch, sent);
    progress.add(batch.length);
    batch = [];
  }
  if (batch.length > 0) {
    await send(target, batch, sent);
    progress.add(batch.length);
  }
  progress.end();
  return sent;
}

/**
 * Sends outcomes as if each happened now, so many a second: one by one while the server keeps up, in small groups when
 * it does not.
 */
export async function sendLive(target: Target, file: CheckedFile, perSecond: number): Promise<Sent> {
  const sent: Sent = { added: 0, duplicates: 0, differing: 0 };
  const progress = createProgress(file.total);
  const started = performance.now();
  const outcomes = file.outcomes();
  let done = 0;
  for (let ended = false; !ended;) {
    const dueAtMs = ((done + 1) / perSecond) * 1_000;
    const waitMs = dueAtMs - (performance.now() - started);
    if (waitMs > 1) await delay(waitMs);
    const due = Math.floor(((performance.now() - started) / 1_000) * perSecond) - done;
    const group: object[] = [];
    while (group.length < Math.max(1, Math.min(due, LARGEST_LIVE_GROUP))) {
      const next = await outcomes.next();
      if (next.done === true) {
        ended = true;
        break;
      }
      group.push({ ...next.value, occurredAt: undefined });
    }
    if (group.length === 0) break;
    await send(target, group, sent);
    done += group.length;
    progress.add(group.length);
  }
  progress.end();
  return sent;
}

async function send(target: Target, batch: readonly object[], sent: Sent): Promise<void> {
  const body = batch.map((outcome) => JSON.stringify(outcome)).join('\n');
  const answer = await callApi(target, '/api/v1/outcomes', {
    method: 'POST',
    body,
    contentType: 'application/x-ndjson',
    // From the content: a command that is started again repeats its batches under the same keys.
    idempotencyKey: `record-${createHash('sha256').update(body).digest('hex').slice(0, 40)}`,
    onRetry: (why, pauseMs) =>
      say(`${why.split('\n')[0] ?? ''} Trying again in ${(pauseMs / 1_000).toFixed(1)} s.`),
  });
  const reply = recordReplySchema.parse(answer.body);
  // What an earlier command was told is not added again.
  const added = answer.fromBefore ? 0 : reply.accepted;
  sent.added += added;
  sent.duplicates += batch.length - added;
  sent.differing += reply.items.filter((item) => item.differs === true).length;
}
