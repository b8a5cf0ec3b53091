import { decodeText, type TextEncoding } from '#domain/imports/text-encoding.ts';
import type { Sql } from '../../db/client.ts';

/** Small enough that reading and checking one keeps the event loop for some 10 ms. */
export const PART_BYTES = 128 * 1024;
const PARTS_A_TIME = 16;

/** Collects bytes into parts of equal size and stores them, a few to a statement. */
export function createPartWriter(sql: Sql, importId: string) {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let parts: Buffer[] = [];
  let stored = 0;

  async function store(): Promise<void> {
    if (parts.length === 0) return;
    const rows = parts.map((data, i) => ({ import_id: importId, part: stored + i, data }));
    await sql`insert into import_parts ${sql(rows)}`;
    stored += parts.length;
    parts = [];
  }

  return {
    async write(bytes: Uint8Array): Promise<void> {
      held.push(bytes);
      heldBytes += bytes.length;
      if (heldBytes < PART_BYTES) return;
      let whole = Buffer.concat(held);
      while (whole.length >= PART_BYTES) {
        parts.push(whole.subarray(0, PART_BYTES));
        whole = whole.subarray(PART_BYTES);
      }
      held = whole.length > 0 ? [whole] : [];
      heldBytes = whole.length;
      if (parts.length >= PARTS_A_TIME) await store();
    },
    async end(): Promise<void> {
      if (heldBytes > 0) parts.push(Buffer.concat(held));
      held = [];
      heldBytes = 0;
      await store();
    },
  };
}

async function* readParts(sql: Sql, importId: string): AsyncGenerator<Uint8Array, void, undefined> {
  for (let next = 0; ;) {
    const rows = await sql<{ part: number; data: Buffer }[]>`
      select part, data from import_parts where import_id = ${importId} and part >= ${next}
      order by part limit ${PARTS_A_TIME}`;
    for (const { part, data } of rows) {
      if (part !== next) throw new Error(`Part ${next} of the uploaded file is missing.`);
      yield data;
      next++;
      // Between two parts whoever waits comes first.
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (rows.length < PARTS_A_TIME) return;
  }
}

/** The stored file as text, piece by piece. */
export const readPieces = (
  sql: Sql,
  importId: string,
  encoding: TextEncoding,
): AsyncGenerator<string, void, undefined> => decodeText(readParts(sql, importId), encoding);
