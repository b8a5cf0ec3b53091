import { createHash } from 'node:crypto';
import { encodingDetector } from '#domain/imports/text-encoding.ts';
import type { ImportView } from '#lib/contracts/feed.ts';
import { MAX_IMPORT_BYTES } from '#lib/contracts/imports.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import { requirePermission, type Context } from '../../context.ts';
import { AppError, forbidden, invalid } from '../../errors.ts';
import { createPartWriter, readPieces } from './import-parts.ts';
import { findImport, newerThanBefore, toImportView } from './import-row.ts';
import { profileFile } from './profile-file.ts';
import { unpackBytes } from './unpack-bytes.ts';

const tooLarge = (maxBytes: number) =>
  new AppError(
    'TOO_LARGE',
    `This file is larger than ${maxBytes / 1024 / 1024} MB. Split it, or send it with npm run record.`,
  );

export interface Upload {
  fileName: string;
  bytes: AsyncIterable<Uint8Array>;
  /** The largest file that is taken, unpacked. */
  maxBytes?: number;
}

/**
 * Stores a file part by part, never whole in memory, and looks at its first rows. Gzip is unpacked on the way; the
 * digest is of the unpacked bytes, so that a packed file and a plain one are the same file.
 * @throws AppError FORBIDDEN, TOO_LARGE or VALIDATION (no table of text); then nothing is kept
 */
export async function storeUpload(
  ctx: Context,
  { fileName, bytes, maxBytes = MAX_IMPORT_BYTES }: Upload,
): Promise<ImportView> {
  requirePermission(ctx, 'record');
  if (ctx.workspace.simulated) {
    throw forbidden('This workspace holds simulated data; real outcomes belong into another one.');
  }
  const { sql } = ctx.app.db;
  const name = fileName.trim().slice(-200) || 'file.csv';
  const [row] = await sql<{ id: string }[]>`
    insert into imports (workspace_id, created_by, file_name, digest, bytes, state)
    values (${ctx.workspace.id}, ${ctx.actor.name}, ${name}, '', 0, 'uploading') returning id`;
  if (row === undefined) throw new Error('The database gave no id for the import.');
  try {
    const facts = await storeBytes(ctx, row.id, bytes, maxBytes);
    return await finishUpload(ctx, row.id, name, facts);
  } catch (thrown) {
    await sql`delete from imports where id = ${row.id}`;
    throw isBrokenGzip(thrown)
      ? invalid([
          { path: 'file', message: 'This gzip file is broken. Pack it again, or choose the plain file.' },
        ])
      : thrown;
  }
}

type Facts = Awaited<ReturnType<typeof storeBytes>>;

async function storeBytes(ctx: Context, id: string, bytes: AsyncIterable<Uint8Array>, maxBytes: number) {
  const hash = createHash('sha256');
  const detector = encodingDetector();
  const writer = createPartWriter(ctx.app.db.sql, id);
  let size = 0;
  for await (const piece of unpackBytes(bytes)) {
    size += piece.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    hash.update(piece);
    detector.push(piece);
    await writer.write(piece);
  }
  await writer.end();
  if (size === 0) throw invalid([{ path: 'file', message: 'This file is empty.' }], 'This file is empty.');
  return { size, digest: hash.digest('hex'), encoding: detector.finish() };
}

async function finishUpload(ctx: Context, id: string, name: string, facts: Facts): Promise<ImportView> {
  const { sql } = ctx.app.db;
  const { separator, names, columns } = await profileFile(
    () => readPieces(sql, id, facts.encoding),
    ctx.workspace.timezone,
  );
  const headerDigest = createHash('sha256').update(JSON.stringify(names)).digest('hex');
  const stored = await sql.begin(async (tx) => {
    await tx`
      update imports set state = 'uploaded', digest = ${facts.digest}, bytes = ${facts.size},
        encoding = ${facts.encoding}, separator = ${separator}, columns = ${tx.json(names)},
        header_digest = ${headerDigest}, profile = ${tx.json(columns as never)}, updated_at = ${newerThanBefore(tx)}
      where id = ${id}`;
    await emitAudit(tx, ctx, {
      action: 'import.uploaded',
      targetType: 'import',
      targetId: id,
      metadata: { fileName: name, bytes: facts.size, digest: facts.digest },
    });
    return findImport(tx, ctx.workspace.id, id);
  });
  ctx.app.doorbell.ringFeed();
  return toImportView(stored);
}

function isBrokenGzip(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    'code' in thrown &&
    typeof thrown.code === 'string' &&
    thrown.code.startsWith('Z_')
  );
}
