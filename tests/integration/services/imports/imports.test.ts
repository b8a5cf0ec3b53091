import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ImportMapping } from '#domain/imports/mapping.ts';
import type { ImportView } from '#lib/contracts/feed.ts';
import type { App } from '#lib/server/app.ts';
import type { Context } from '#lib/server/context.ts';
import { AppError } from '#lib/server/errors.ts';
import { createDoorbell } from '#lib/server/event-log/index.ts';
import {
  cancelImport,
  checkImport,
  createImportRunner,
  getImport,
  getImportDetail,
  receiveUpload,
  startImport,
  watchImport,
  type ImportRunner,
} from '#lib/server/services/imports/index.ts';
import { BANK_CSV } from '../../../support/bank-file.ts';
import { projectRoot } from '../../../support/running-server.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/test-database.ts';
import {
  createTestApp,
  createTestWorkspace,
  testContext,
  testUser,
} from '../../../support/test-workspace.ts';

let db: TestDatabase;
let app: App;
let ctx: Context;
let runners: ImportRunner[] = [];

beforeAll(async () => {
  db = await createTestDatabase({ max: 12 });
  // Never started: it rings in this process only.
  app = await createTestApp(db.database, { doorbell: createDoorbell({ url: db.url }) });
});
beforeEach(async () => {
  ctx = testContext(app, await createTestWorkspace(db.database, { timezone: 'Europe/Lisbon' }));
});
afterEach(async () => {
  await Promise.all(runners.map((runner) => runner.stop()));
  runners = [];
});
afterAll(() => db.drop());

function startRunner(parts: Partial<App> = {}): ImportRunner {
  const runner = createImportRunner({ ...app, ...parts });
  runners.push(runner);
  runner.start();
  return runner;
}

function upload(content: string | Uint8Array, name = 'calls.csv', as = ctx): Promise<ImportView> {
  const form = new FormData();
  form.set('file', new File([content as BlobPart], name));
  return receiveUpload(as, new Request('http://localhost/', { method: 'POST', body: form }));
}

async function until(
  id: string,
  reached: (view: ImportView) => boolean,
  deadlineMs = 90_000,
): Promise<ImportView> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const view = await getImport(ctx, id);
    if (reached(view)) return view;
    if (Date.now() > end) throw new Error(`still ${JSON.stringify(view)}`);
    await delay(10);
  }
}
const atRest = (view: ImportView) => view.state !== 'checking' && view.state !== 'importing';

async function proposed(id: string): Promise<ImportMapping> {
  const { mapping } = await getImportDetail(ctx, id);
  if (mapping === null) throw new Error('no mapping was proposed');
  return mapping;
}

async function importAll(content: string | Uint8Array, name = 'calls.csv'): Promise<ImportView> {
  const { id } = await upload(content, name);
  await checkImport(ctx, id, await proposed(id));
  return until(id, atRest);
}

interface Recorded {
  external_id: string;
  subject: string;
  result: string;
  attributes: Record<string, unknown>;
  occurred_at: Date;
  backfill: boolean;
  recorded_by: string;
}
/** Outcomes in the order of the log. */
const recorded = (): Promise<Recorded[]> => db.sql<Recorded[]>`
  select external_id, subject, result, attributes, occurred_at, backfill, recorded_by from outcomes
  where workspace_id = ${ctx.workspace.id} order by entry_id`;

async function refusal(promise: Promise<unknown>): Promise<AppError> {
  const thrown: unknown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(AppError);
  return thrown as AppError;
}

/** Rows of the same few days, so that many have the same time. */
function calls(count: number): string {
  const lines = ['when,who,job,age,y'];
  for (let i = 0; i < count; i++) {
    const day = String(1 + ((i * 7) % 28)).padStart(2, '0');
    lines.push(
      `2024-03-${day},client ${i},${i % 3 === 0 ? 'admin' : 'retired'},${20 + (i % 60)},${i % 5 === 0 ? 'yes' : 'no'}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

describe('importing a file', () => {
  it('proposes what the columns are, records every row by time, and marks it as from before', async () => {
    startRunner();
    const text =
      'when,who,job,y\n2024-07-03,Ana,admin,no\n2024-07-01 10:00,Rui,retired,yes\n2024-07-02,Eva,admin,no\n';
    const view = await importAll(text);
    expect(view).toMatchObject({
      state: 'done',
      rows: 3,
      done: 3,
      added: 3,
      duplicates: 0,
      skipped: 0,
      problemCount: 0,
    });
    const rows = await recorded();
    expect(rows.map((row) => row.result)).toEqual(['success', 'failure', 'failure']);
    expect(rows[0]).toMatchObject({
      external_id: expect.stringMatching(/^csv:[0-9a-f]{12}:3$/u) as string,
      subject: 'row 3',
      attributes: { job: 'retired', who: 'Rui' },
      // Lisbon is an hour ahead in summer.
      occurred_at: new Date('2024-07-01T09:00:00Z'),
      backfill: true,
      recorded_by: 'Mira Costa',
    });
    const actions = await db.sql<{ action: string }[]>`
      select action from audit_log where workspace_id = ${ctx.workspace.id} and target_type = 'import' order by id`;
    expect(actions.map(({ action }) => action)).toEqual([
      'import.uploaded',
      'import.checked',
      'import.finished',
    ]);
  });

  it('adds nothing when the same file comes again, packed or under another name', async () => {
    startRunner();
    const text = calls(50);
    await importAll(text);
    const again = await importAll(text, 'other.csv');
    expect(again).toMatchObject({ state: 'done', rows: 50, added: 0, duplicates: 50, differing: 0 });
    const packed = await importAll(gzipSync(text), 'calls.csv.gz');
    expect(packed).toMatchObject({ added: 0, duplicates: 50 });
    expect(await recorded()).toHaveLength(50);
    const { id } = await upload(text);
    expect((await getImportDetail(ctx, id)).before).toMatchObject({ fileName: 'calls.csv.gz' });
  });

  it('keeps equal rows as outcomes of their own', async () => {
    startRunner();
    const view = await importAll('city,y\nPorto,yes\nPorto,yes\nPorto,no\nLisbon,no\n');
    expect(view).toMatchObject({ state: 'done', added: 4 });
  });

  it('shuffles rows of the same time, the same way each time', async () => {
    startRunner();
    await importAll(calls(200));
    const order = (await recorded()).map((row) => row.subject);
    const days = (await recorded()).map((row) => row.occurred_at.getTime());
    expect(days).toEqual([...days].sort((a, b) => a - b));
    const other = testContext(app, await createTestWorkspace(db.database, { timezone: 'Europe/Lisbon' }));
    ctx = other;
    await importAll(calls(200));
    expect((await recorded()).map((row) => row.subject)).toEqual(order);
    const numbers = order.map((subject) => Number(subject.split(' ')[1]));
    const first = numbers.slice(0, days.filter((day) => day === days[0]).length);
    expect(first).not.toEqual([...first].sort((a, b) => a - b));
  });

  it('reads Windows-1252, UTF-16 and semicolons', async () => {
    startRunner();
    await importAll(Buffer.from('cidade;y\n"S\u00e3o Jo\u00e3o";yes\nFaro;no\nFaro;no\n', 'latin1'), 'a.csv');
    const utf16 = Buffer.concat([
      Buffer.from([0xff, 0xfe]),
      Buffer.from('cidade\ty\nÉvora\tyes\nFaro\tno\nFaro\tno\n', 'utf16le'),
    ]);
    await importAll(utf16, 'b.txt');
    const cities = (await recorded()).map((row) => row.attributes['cidade']);
    expect(cities).toContain('São João');
    expect(cities).toContain('Évora');
  });

  it('remembers the mapping for the next file with the same columns', async () => {
    startRunner();
    const first = await upload('city,colour,y\nPorto,red,yes\nFaro,blue,no\nFaro,red,no\n');
    const mapping = await proposed(first.id);
    const chosen = { ...mapping, attributes: mapping.attributes.filter(({ key }) => key !== 'colour') };
    await checkImport(ctx, first.id, chosen);
    await until(first.id, atRest);
    const next = await upload('city,colour,y\nBraga,green,yes\nFaro,blue,no\nFaro,red,no\n');
    expect(await getImportDetail(ctx, next.id)).toMatchObject({ mapping: chosen, mappingFrom: 'remembered' });
  });
});

describe('bad rows', () => {
  const text =
    'when,age,y\n2024-01-01,33,yes\nsoon,41,no\n2024-01-02,44,no\n2024-01-03,old,\n2024-01-04,50,no,extra\n';
  // The proposal would leave a column with such texts alone; a person may insist.
  const mapping: ImportMapping = {
    outcome: 2,
    success: ['yes'],
    neutral: [],
    subject: null,
    externalId: null,
    time: { column: 0, format: 'iso' },
    value: null,
    variant: null,
    note: null,
    attributes: [{ column: 1, key: 'age', type: 'number', numberStyle: 'plain' }],
  };
  /** Bad rows far behind the profiled ones are found by the check alone; here the profile is told to be clean. */
  async function uploadChecked(): Promise<ImportView> {
    const view = await upload(text);
    await db.sql`
      update imports set profile = jsonb_set(jsonb_set(profile, '{0,timeFormats}', '["iso"]'), '{1,numberStyle}', '"plain"')
      where id = ${view.id}`;
    await checkImport(ctx, view.id, mapping);
    return until(view.id, atRest);
  }

  it('are listed with row, column and reason, and nothing is written', async () => {
    startRunner();
    const view = await uploadChecked();
    expect(view).toMatchObject({ state: 'ready', rows: 5, problemCount: 3, added: 0 });
    expect(view.problems).toEqual([
      { row: 3, column: 'when', reason: '“soon” is no date like 2024-03-31 or 2024-03-31 14:05.' },
      { row: 5, column: 'y', reason: 'It does not say how this ended.' },
      { row: 5, column: 'age', reason: '“old” is no number.' },
      { row: 6, column: null, reason: 'It has 4 fields, the header has 3.' },
    ]);
    expect(await recorded()).toEqual([]);
  });

  it('can be left out', async () => {
    startRunner();
    const { id } = await uploadChecked();
    await startImport(ctx, id);
    expect(await until(id, atRest)).toMatchObject({ state: 'done', rows: 5, added: 2, done: 2, skipped: 3 });
    expect((await recorded()).map((row) => row.external_id.split(':')[2])).toEqual(['2', '4']);
  });

  it('can be a reason to cancel: then nothing was written', async () => {
    startRunner();
    const { id } = await uploadChecked();
    expect(await cancelImport(ctx, id)).toMatchObject({ state: 'cancelled', added: 0 });
    expect((await refusal(startImport(ctx, id))).code).toBe('CONFLICT');
    expect(await recorded()).toEqual([]);
  });

  it('a type that another import fixed meanwhile ends the import and names the row', async () => {
    const { id } = await upload('age,y\n33,yes\n41,no\n44,no\n');
    await checkImport(ctx, id, await proposed(id));
    await db.sql`insert into attributes (workspace_id, key, type) values (${ctx.workspace.id}, 'age', 'string')`;
    startRunner();
    const view = await until(id, atRest);
    expect(view.state).toBe('failed');
    expect(view.error).toMatch(/^Row 2, age: age was first recorded as text, and this is a number/u);
    expect(await recorded()).toEqual([]);
  });

  it('choices that cannot work are refused by field', async () => {
    const { id } = await upload('age,y\n33,yes\n41,no\n44,no\n');
    const wrong = { ...(await proposed(id)), success: ['done'], time: { column: 0, format: 'iso' as const } };
    const error = await refusal(checkImport(ctx, id, wrong));
    expect(error.issues.map(({ path }) => path)).toEqual(['success', 'time']);
  });
});

describe('an upload', () => {
  it.each([
    ['', 'This file is empty.'],
    ['a,b\n', 'This file has a first row with names and no rows after it.'],
    [
      'PK\u0003\u0004xl',
      'This is an Excel workbook or a zip file. Save the sheet as CSV and choose that file.',
    ],
    ['{"subject":"x"}\n', 'This looks like JSON. Send it with npm run record, or save a table as CSV.'],
  ])('of %j is refused in words and leaves nothing', async (content, message) => {
    const error = await refusal(upload(content));
    expect(error.code).toBe('VALIDATION');
    expect(error.issues).toEqual([{ path: 'file', message }]);
    const [left] = await db.sql`select 1 from imports where workspace_id = ${ctx.workspace.id}`;
    expect(left).toBeUndefined();
  });

  it('of a broken gzip file is refused', async () => {
    const packed = gzipSync(calls(2_000));
    expect((await refusal(upload(packed.subarray(0, packed.length / 2)))).issues[0]?.message).toMatch(
      /gzip file is broken/u,
    );
  });

  it('without a file, by a viewer, or into simulated data is refused', async () => {
    const form = new FormData();
    form.set('file', new File([], ''));
    const empty = receiveUpload(ctx, new Request('http://localhost/', { method: 'POST', body: form }));
    expect((await refusal(empty)).issues).toEqual([{ path: 'file', message: 'Choose a CSV file.' }]);
    const viewer = testContext(app, ctx.workspace, testUser(), 'viewer');
    expect((await refusal(upload('y,a\nyes,1\nno,2\n', 'x.csv', viewer))).code).toBe('FORBIDDEN');
    const simulated = testContext(app, await createTestWorkspace(db.database, { simulated: true }));
    expect((await refusal(upload('y,a\nyes,1\nno,2\n', 'x.csv', simulated))).code).toBe('FORBIDDEN');
  });

  it('of several megabytes is stored in parts and read back whole', async () => {
    startRunner();
    const rows = 60_000;
    const text = calls(rows);
    const { id } = await upload(text);
    const parts = await db.sql<
      { data: Buffer }[]
    >`select data from import_parts where import_id = ${id} order by part`;
    expect(parts.length).toBeGreaterThan(10);
    expect(Buffer.concat(parts.map((part) => part.data)).toString()).toBe(text);
  });

  it('of another workspace does not exist here', async () => {
    const { id } = await upload(calls(5));
    const stranger = testContext(app, await createTestWorkspace(db.database));
    expect((await refusal(getImportDetail(stranger, id))).code).toBe('NOT_FOUND');
    expect((await refusal(cancelImport(stranger, id))).code).toBe('NOT_FOUND');
    expect((await refusal(getImport(ctx, "x' or true"))).code).toBe('NOT_FOUND');
  });
});

describe('an import under way', () => {
  const rows = 12_000;

  async function begin(): Promise<string> {
    const { id } = await upload(calls(rows));
    await checkImport(ctx, id, await proposed(id));
    return id;
  }

  async function expectExact(id: string): Promise<void> {
    const view = await until(id, atRest);
    expect(view).toMatchObject({ state: 'done', rows, done: rows, added: rows, duplicates: 0, error: null });
    const [row] = await db.sql<{ outcomes: number; entries: number; ids: number }[]>`
      select (select count(*)::int from outcomes where workspace_id = ${ctx.workspace.id}) as outcomes,
        (select count(*)::int from log_entries where workspace_id = ${ctx.workspace.id}) as entries,
        (select count(distinct external_id)::int from outcomes where workspace_id = ${ctx.workspace.id}) as ids`;
    expect(row).toEqual({ outcomes: rows, entries: rows, ids: rows });
    const times = (await recorded()).map((outcome) => outcome.occurred_at.getTime());
    expect(times).toEqual([...times].sort((a, b) => a - b));
  }

  it('stopped between batches goes on where it was', async () => {
    const id = await begin();
    for (let stops = 1; stops <= 3; stops++) {
      const runner = startRunner();
      await until(id, (view) => view.done >= stops * 2_000 || view.state === 'done');
      await runner.stop();
    }
    expect((await getImport(ctx, id)).state).toBe('importing');
    startRunner();
    await expectExact(id);
  });

  it('that recorded a batch and lost the count of it adds nothing twice and counts right', async () => {
    const id = await begin();
    const runner = startRunner();
    await until(id, (view) => view.done >= 3_000);
    await runner.stop();
    // As if the process had died between the two transactions of a batch.
    await db.sql`update imports set done = done - 1000, added = added - 1000 where id = ${id}`;
    startRunner();
    await expectExact(id);
  });

  it('survives kill -9 of its process, again and again', async () => {
    const id = await begin();
    for (let kills = 1; kills <= 3; kills++) {
      const child = spawn(
        process.execPath,
        ['--import', 'tsx', join(projectRoot, 'tests/fixtures/run-imports.ts'), db.url],
        {
          cwd: projectRoot,
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      const gone = once(child, 'exit');
      try {
        await until(id, (view) => view.done >= kills * 2_500 || view.state === 'done');
      } finally {
        child.kill('SIGKILL');
        await gone;
      }
    }
    startRunner();
    await expectExact(id);
  });

  it('is worked on by one of two runners, and every row once', async () => {
    const id = await begin();
    startRunner();
    startRunner();
    await expectExact(id);
  });

  it('can be cancelled: what was recorded stays, the rest is not, and the file can be imported again', async () => {
    const id = await begin();
    startRunner();
    await until(id, (view) => view.done > 0);
    await cancelImport(ctx, id);
    const { done } = await getImport(ctx, id);
    await until(id, atRest);
    await Promise.all(runners.map((runner) => runner.stop()));
    const kept = (await recorded()).length;
    expect(kept).toBeLessThan(rows);
    // A batch that was being written when it was cancelled may still be in the log.
    expect(kept - done).toBeGreaterThanOrEqual(0);
    expect(kept - done).toBeLessThanOrEqual(1_000);
    startRunner();
    await checkImport(ctx, id, await proposed(id));
    const view = await until(id, atRest);
    expect(view).toMatchObject({ state: 'done', added: rows - kept, duplicates: kept });
    expect(await recorded()).toHaveLength(rows);
  });

  it('goes on when the clock of the server is set back', async () => {
    let setBackMs = 0;
    startRunner({ now: () => Date.now() - setBackMs });
    await importAll(calls(20));
    setBackMs = 3_600_000;
    expect(await importAll(calls(30))).toMatchObject({ state: 'done', added: 30 });
  });

  it('is told in order also when the clock of the database was set back', async () => {
    const { id } = await upload(calls(20));
    const mapping = await proposed(id);
    // As it was changed last before that.
    await db.sql`update imports set updated_at = now() + interval '1 hour' where id = ${id}`;
    const { updated_at: before } = (
      await db.sql<{ updated_at: Date }[]>`
      select updated_at from imports where id = ${id}`
    )[0] ?? { updated_at: new Date(NaN) };
    startRunner();
    await checkImport(ctx, id, mapping);
    await until(id, atRest);
    const told = await db.sql<{ rev: number }[]>`
      select rev from feed_outbox where key = ${id} order by wid`;
    const revs = told.map(({ rev }) => rev).slice(-2);
    expect(revs[0]).toBeGreaterThan(before.getTime());
    expect(revs[1]).toBeGreaterThan(revs[0] ?? NaN);
  });

  it('can be watched to its end', async () => {
    const id = await begin();
    const seen: ImportView[] = [];
    await watchImport(ctx, id, (view) => seen.push(view));
    startRunner();
    await until(id, atRest);
    const end = Date.now() + 30_000;
    while (seen.at(-1)?.state !== 'done' && Date.now() < end) await delay(20);
    expect(seen[0]?.state).toBe('checking');
    expect(seen.at(-1)).toMatchObject({ state: 'done', added: rows });
    const dones = seen.map((view) => view.done);
    expect(dones).toEqual([...dones].sort((a, b) => a - b));
    const events = await db.sql`
      select 1 from feed_outbox where workspace_id = ${ctx.workspace.id} and type = 'import.progressed'`;
    expect(events.length).toBeGreaterThan(2);
  });
});

describe.skipIf(!existsSync(BANK_CSV))('the bank file', () => {
  it('is imported whole, with the figures that are known of it', async () => {
    startRunner();
    const { id } = await upload(readFileSync(BANK_CSV), 'data_dated.csv');
    const mapping = await proposed(id);
    const started = performance.now();
    await checkImport(ctx, id, {
      ...mapping,
      attributes: mapping.attributes.filter(({ key }) => key !== 'duration'),
    });
    const view = await until(id, atRest);
    const seconds = (performance.now() - started) / 1_000;
    process.stderr.write(
      `bank file: checked and recorded ${Math.round(45_211 / seconds)} rows/s (${seconds.toFixed(1)} s)\n`,
    );
    expect(view).toMatchObject({ state: 'done', rows: 45_211, added: 45_211, problemCount: 0 });
    const [row] = await db.sql<{ successes: number; retired: number }[]>`
      select count(*) filter (where result = 'success')::int as successes,
        count(*) filter (where attributes ->> 'job' = 'retired')::int as retired
      from outcomes where workspace_id = ${ctx.workspace.id}`;
    expect(row).toEqual({ successes: 5_289, retired: 2_264 });
  });
});
