import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vitest/config';

/** A second, as Vitest waits by default, is not much on a busy machine. */
const POLL = { timeout: 20_000 };

/**
 * A new connection of postgres.js asks for types first; where PostgreSQL is killed just then, nobody can catch it. The
 * statement that wanted the connection is tried on another.
 */
const isLostQuestionForTypes = (error: object): boolean =>
  'code' in error &&
  error.code === 'CONNECTION_CLOSED' &&
  'query' in error &&
  String(error.query).includes('select b.oid, b.typarray');

export default defineConfig({
  plugins: [tailwindcss(), sveltekit()],
  ssr: { external: ['@node-rs/argon2', 'piscina', 'postgres', 'ioredis', 'pino'] },
  test: {
    onUnhandledError: (error) => !isLostQuestionForTypes(error),
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['tests/unit/**/*.test.ts', 'tests/*.test.ts'],
          environment: 'node',
          // Some fold thousands of outcomes; a busy machine takes its time.
          testTimeout: 60_000,
          expect: { poll: POLL },
          // The default leaves one core idle, which on two cores is half of them.
          maxWorkers: '100%',
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.ts'],
          environment: 'node',
          globalSetup: ['tests/support/postgres-for-tests.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: { poll: POLL },
          // Two cores: more files at once make each other miss their deadlines.
          maxWorkers: 2,
        },
      },
    ],
  },
});
