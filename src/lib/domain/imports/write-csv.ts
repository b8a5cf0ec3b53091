import type { Separator } from './csv-reader.ts';

/** One line of a CSV file, quoted where it must be (RFC 4180), ended by LF. */
export function csvLine(fields: readonly string[], separator: Separator = ','): string {
  return `${fields.map((field) => quoted(field, separator, fields.length === 1)).join(separator)}\n`;
}

function quoted(field: string, separator: Separator, alone: boolean): string {
  // A line of one empty field would be an empty line, which readers leave out.
  if (field === '' && alone) return '""';
  const must =
    field.includes(separator) || field.includes('"') || field.includes('\n') || field.includes('\r');
  return must ? `"${field.replaceAll('"', '""')}"` : field;
}
