import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { leaveLostTransactions } from './lost-connections.ts';
import * as schema from './schema/index.ts';

export type Sql = postgres.Sql;
export type TransactionSql = postgres.TransactionSql;
/** A statement that runs when awaited, or becomes a part of another that it is put into. */
export type Statement = postgres.PendingQuery<postgres.Row[]>;

/** One pool, two ways to speak to it: drizzle for rows, `sql` for set-based statements. */
export interface Database {
  sql: Sql;
  orm: PostgresJsDatabase<typeof schema>;
  url: string;
  end(): Promise<void>;
}

export type Orm = Database['orm'];

/** int8 columns (positions, ids, counts) stay below 2^53, so they are plain numbers here. */
const bigintAsNumber = {
  to: 20,
  from: [20],
  serialize: (value: number) => String(value),
  parse: (text: string) => Number(text),
};

/**
 * Seconds until a connection that failed is tried again. The client's own wait grows to 20 s within seven failures of
 * the pool together, so that a busy server would stay away long after its database is back.
 */
const backoff = (failures: number): number => Math.min(3 ** failures / 100, 1) * (0.5 + Math.random() / 2);

export const connectionOptions = {
  backoff,
  types: { bigint: bigintAsNumber },
  onnotice: () => undefined,
  connection: { application_name: 'telltale' },
} as const;

const TIMESTAMPTZ = 1184;
const JSON_TYPES = [114, 3802];
/** Arrays of times: without an entry, the client derives one from the element's when it connects. */
const TIME_ARRAYS = [1182, 1185, 1115, 1231];

/**
 * drizzle switches the client's own conversion of times and JSON off (it converts before and after), which would
 * leave `sql` unable to send a Date or `sql.json(…)`. These take both: what is text already is drizzle's.
 */
function speakBoth(sql: Sql): void {
  const { parsers, serializers } = sql.options;
  parsers[TIMESTAMPTZ] = (text: string) => new Date(text);
  serializers[TIMESTAMPTZ] = (value: unknown) => (value instanceof Date ? value.toISOString() : value);
  for (const type of TIME_ARRAYS) {
    Reflect.deleteProperty(parsers, type);
    Reflect.deleteProperty(serializers, type);
  }
  for (const type of JSON_TYPES) {
    serializers[type] = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  }
}

export function openDatabase(url: string, options: { max: number }): Database {
  const sql = postgres(url, { ...connectionOptions, max: options.max, idle_timeout: 60 }) as unknown as Sql;
  leaveLostTransactions(sql);
  const orm = drizzle(sql, { schema });
  speakBoth(sql);
  return {
    sql,
    orm,
    url,
    end: () => sql.end({ timeout: 5 }),
  };
}
