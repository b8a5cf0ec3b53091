import { it } from 'vitest';
import { performance } from 'node:perf_hooks';
import { parseOutcomes } from '#lib/server/services/outcomes/parse-outcomes.ts';
import { reserveEntries, writeOutcomes, findByExternalId } from '#lib/server/services/outcomes/write-outcomes.ts';
import { announceRecorded } from '#lib/server/services/outcomes/announce.ts';
import { toOutcomeView } from '#lib/server/services/outcomes/outcome-row.ts';
import { fixAttributeTypes } from '#lib/server/services/attribute-types/index.ts';
import { uuidsV7 } from '#lib/server/uuid-v7.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { createTestApp, createTestWorkspace, testContext } from '../support/test-workspace.ts';

it('bench', async () => {
  const db = await createTestDatabase({ max: 8 });
  const app = await createTestApp(db.database);
  const ctx = testContext(app, await createTestWorkspace(db.database));
  let serial = 0;
  const make = () => { serial += 1; const i = serial; return {
    externalId: `bank:${i}`, subject: `client ${i}`, result: i % 8 === 0 ? 'success' : 'failure', value: i % 3000,
    occurredAt: new Date(1.2e12 + i * 60000).toISOString(),
    attributes: { age: 18 + (i % 60), job: ['management','technician','blue-collar','services'][i % 4], marital: ['single','married','divorced'][i%3], education: ['tertiary','secondary','primary'][i%3], default: i%50===0?'yes':'no', balance: i % 5000, housing: i%2?'yes':'no', loan: i%5?'no':'yes', contact: ['cellular','unknown','telephone'][i%3], day: i%31, month: ['jan','feb','mar'][i%3], campaign: i%10, pdays: i%300, previous: i%5, poutcome: ['unknown','success','failure'][i%3], extra: 'x' } }; };
  for (let round = 0; round < 4; round++) {
    const marks: string[] = [];
    let t = performance.now(); let c = process.cpuUsage();
    const mark = (n: string) => { const t2 = performance.now(); const d = process.cpuUsage(c); marks.push(`${n} ${(t2 - t).toFixed(0)}ms/cpu${((d.user+d.system)/1000).toFixed(0)}`); t = performance.now(); c = process.cpuUsage(); };
    const batch = Array.from({ length: 5000 }, make);
    mark('make');
    const all = parseOutcomes(batch, Date.now());
    mark('parse');
    await db.sql.begin(async (tx) => {
      await findByExternalId(tx, ctx.workspace.id, all.map((f) => f.externalId ?? ''));
      mark('find');
      const { now, entryIds } = await reserveEntries(tx, all.length);
      mark('reserve');
      const ids = uuidsV7(5000, Date.now());
      const rows = all.map((f, i) => ({ id: ids[i] ?? '', external_id: f.externalId, subject: f.subject, variant: null, journey_id: null, result: f.result, value: f.value, attributes: f.attributes, note: null, occurred_at: new Date(f.occurredAtMs ?? 0), recorded_at: now, recorded_by: 'x', source: 'api' as const, revision: 1, entry_id: entryIds[i] ?? 0, position: null, backfill: false, deleted_at: null }));
      mark('rows');
      await writeOutcomes(tx, ctx.workspace.id, rows);
      mark('write');
      await fixAttributeTypes(tx, ctx.workspace.id, rows.map((r, index) => ({ index, attributes: r.attributes })));
      mark('types');
      await announceRecorded(tx, ctx, rows.map(toOutcomeView), undefined);
      mark('announce');
    });
    mark('commit');
    console.log(marks.join(', '));
  }
  await db.drop();
}, 300000);
