import { migrate } from '#lib/server/db/migrate.ts';
import { StartupError } from '#lib/server/errors.ts';

/** Brings the tables of DATABASE_URL up to date; a server does the same when it starts. */
const url = process.env['DATABASE_URL'];
if (url === undefined || url === '') {
  console.error(
    'Name the database: DATABASE_URL=postgres://… npm run db:migrate. The embedded one migrates at start.',
  );
  process.exit(2);
}
try {
  await migrate(url);
  console.log('The database is up to date.');
} catch (thrown) {
  if (!(thrown instanceof StartupError)) throw thrown;
  console.error(thrown.message);
  process.exit(1);
}
