import { readFileSync } from 'node:fs';
import type { MetricsView } from '#lib/contracts/metrics.ts';
import { BANK_CSV, bankIsMissing, bankOutcomes } from '../support/bank-file.ts';
import { removeData, startServer, until } from '../support/running-server.ts';

/** The bank file's 45,211 outcomes through the HTTP API, until all are counted. Run: npm run bench -- import */
if (bankIsMissing !== null) {
  console.log(`Skipped: ${bankIsMissing}.`);
  process.exit(0);
}
const server = await startServer();
try {
  const started = performance.now();
  const rows = bankOutcomes();
  const parsed = performance.now();
  for (let at = 0; at < rows.length; at += 5_000) {
    const response = await server.api('/api/v1/outcomes', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ outcomes: rows.slice(at, at + 5_000) }),
    });
    if (response.status !== 201) throw new Error(await response.text());
    await response.arrayBuffer();
  }
  const recorded = performance.now();
  await until('all counted', async () => {
    const metrics = (await (await server.api('/api/v1/metrics')).json()) as MetricsView;
    return metrics.outcomes === rows.length && metrics.waiting === 0;
  });
  const counted = performance.now();
  const seconds = (from: number, to: number) => ((to - from) / 1_000).toFixed(2);
  console.log(`${rows.length} outcomes, 9 attributes, ${readFileSync(BANK_CSV).byteLength} bytes of CSV`);
  console.log(
    `parse ${seconds(started, parsed)} s, record ${seconds(parsed, recorded)} s, then counted after ${seconds(recorded, counted)} s`,
  );
  console.log(
    `end to end ${seconds(started, counted)} s, ${Math.round(rows.length / ((counted - parsed) / 1_000))} outcomes/s durable and counted`,
  );
} finally {
  await server.end();
  removeData(server.dataDir);
}
