import { afterEach, beforeEach, expect, it } from 'vitest';
import { readHead } from '#lib/server/event-log/index.ts';
import { beginEpoch } from '#lib/server/services/feed/index.ts';
import { OPERATOR } from '#lib/server/services/identity/index.ts';
import { addUser, codeOf, createIdentityApp, personOf } from '../../../support/identity.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/test-database.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

it('an operator begins an epoch where the feed stands, which is kept in the audit; nobody else does', async () => {
  const { sql } = database;
  const app = createIdentityApp(database.database);
  const before = await readHead(sql);
  await sql`update feed_head set seq = 7`;
  const person = personOf(app, await addUser(app));
  expect(await codeOf(beginEpoch(person))).toBe('FORBIDDEN');
  expect((await readHead(sql)).epoch).toBe(before.epoch);

  const after = await beginEpoch({ app, ...OPERATOR });
  expect(after).toEqual({ epoch: expect.not.stringMatching(before.epoch), seq: 7 });
  expect(await readHead(sql)).toEqual(after);
  expect([
    ...(await sql`select actor_label, action, target_id, metadata from audit_log where action = 'epoch.renewed'`),
  ]).toEqual([
    {
      actor_label: 'command line',
      action: 'epoch.renewed',
      target_id: after.epoch,
      metadata: { before: before.epoch, seq: 7 },
    },
  ]);
});
