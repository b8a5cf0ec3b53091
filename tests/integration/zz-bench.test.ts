import { it } from 'vitest';
import { performance } from 'node:perf_hooks';
import { recordOutcomes } from '#lib/server/services/outcomes/index.ts';
import { parseOutcomes } from '#lib/server/services/outcomes/parse-outcomes.ts';
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
  const run = async (size: number, total: number, parallel: number) => {
    const lat: number[] = [];
    const batches = Array.from({ length: Math.ceil(total / size) }, () => Array.from({ length: size }, make));
    const t0 = performance.now();
    let next = 0;
    await Promise.all(Array.from({ length: parallel }, async () => {
      for (;;) { const b = batches[next++]; if (!b) return; const s = performance.now(); await recordOutcomes(ctx, b, { source: 'api' }); lat.push(performance.now() - s); }
    }));
    const ms = performance.now() - t0;
    lat.sort((a, b) => a - b);
    console.log(`size ${size} x${parallel}: ${(total / ms * 1000).toFixed(0)} rows/s, p50 ${lat[lat.length >> 1]?.toFixed(1)} p99 ${lat[Math.floor(lat.length * 0.99)]?.toFixed(1)} ms`);
  };
  await run(1, 200, 1);
  await run(1, 1000, 1);
  await run(1, 2000, 4);
  await run(50, 10000, 1);
  await run(50, 10000, 4);
  await run(5000, 40000, 1);
  await run(5000, 40000, 2);
  const batch = Array.from({ length: 5000 }, make);
  const t = performance.now(); parseOutcomes(batch, Date.now()); console.log('parse 5000', (performance.now() - t).toFixed(0));
  await db.drop();
}, 300000);
