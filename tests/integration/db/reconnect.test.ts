import { connect, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { openDatabase } from '#lib/server/db/client.ts';
import { within } from '#lib/server/event-log/index.ts';
import { freePort } from '../../support/running-server.ts';
import { createTestDatabase } from '../../support/test-database.ts';
import { until } from '../event-log/support.ts';

it('a pool is back within seconds of its database, however often it was refused meanwhile', async () => {
  const database = await createTestDatabase();
  const { hostname, port: behind } = new URL(database.url);
  const port = await freePort();
  const url = new URL(database.url);
  url.host = `127.0.0.1:${port}`;
  const db = openDatabase(url.href, { max: 4 });
  const door = createServer((client) => {
    const server = connect(Number(behind), hostname);
    for (const end of [client, server]) end.on('error', () => undefined);
    client.pipe(server).pipe(client);
  });
  const ask = () =>
    db.sql`select 1`.then(
      () => 'answered',
      (thrown: unknown) => String((thrown as { code?: string }).code),
    );
  const comeBack = async () => {
    for (let time = 0; time < 12; time += 1) expect(await ask()).toBe('ECONNREFUSED');
    await new Promise<void>((open) => door.listen(port, '127.0.0.1', open));
    await until(ask, (answer) => answer === 'answered');
  };
  try {
    // The client's own pauses would come to more than twice that.
    await within(8_000, comeBack());
  } finally {
    await db.end();
    door.close();
    await database.drop();
  }
});
