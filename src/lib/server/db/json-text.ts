/** What JSON.stringify writes for the two things that jsonb refuses: NUL and half a surrogate pair. */
const REFUSED = /\\u(0000|d[89a-f][0-9a-f]{2})/;

const acceptable = (_key: string, value: unknown): unknown =>
  typeof value === 'string' ? value.replace(/\0|\p{Surrogate}/gu, '\uFFFD') : value;

/** JSON that PostgreSQL takes: an odd character in a text must not undo the business transaction. */
export function jsonText(value: unknown): string {
  const json = JSON.stringify(value);
  return REFUSED.test(json) ? JSON.stringify(value, acceptable) : json;
}
