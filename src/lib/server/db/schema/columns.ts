import { customType, timestamp } from 'drizzle-orm/pg-core';

/** `timestamptz` in milliseconds; every time in the database has a zone. */
export const at = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' });

export const bytea = customType<{ data: Uint8Array; driverData: Buffer }>({
  dataType: () => 'bytea',
});
