import { z } from 'zod';

const count = (fallback: number) => z.coerce.number().int().positive().default(fallback);

const schema = z.object({
  DATABASE_URL: z.string().optional(),
  REDIS_URL: z.string().optional(),
  TELLTALE_DATA: z.string().default('.telltale'),
  HOST: z.string().optional(),
  /** 0: any free port. */
  PORT: z.coerce.number().int().nonnegative().default(3000),
  ORIGIN: z.string().optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  TELLTALE_ADMIN_EMAIL: z.string().optional(),
  TELLTALE_ADMIN_PASSWORD: z.string().optional(),
  TELLTALE_WORKSPACE: z.string().optional(),
  TELLTALE_API_KEY: z.string().optional(),
  TELLTALE_DB_POOL: count(16),
  TELLTALE_THREADS: z.coerce.number().int().positive().optional(),
  TELLTALE_CUBE_CELLS: count(4_000_000),
  TELLTALE_TRACKED: count(4_000),
  TELLTALE_WRITES_PER_SECOND: count(500),
  TELLTALE_STREAM_OPENS_PER_SECOND: count(50),
  TELLTALE_STREAMS_PER_KEY: count(200),
  TELLTALE_STREAMS: count(5_000),
  /** Days that events can be read again after a reconnect. */
  TELLTALE_FEED_DAYS: count(7),
  TELLTALE_LOGINS_PER_MINUTE: count(10),
});

export type Env = z.infer<typeof schema>;

/** The environment, checked. @throws when a variable does not parse, naming it. */
export function readEnv(source: Record<string, string | undefined> = process.env): Env {
  const present = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(present);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`The environment does not parse. ${problems.join('; ')}`);
}
