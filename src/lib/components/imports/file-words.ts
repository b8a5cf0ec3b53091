import type { ImportDetail } from '#lib/contracts/imports.ts';
import { count } from '#lib/format/count.ts';

const SEPARATOR_WORDS: Record<string, string> = {
  ',': 'commas',
  ';': 'semicolons',
  '\t': 'tabs',
  '|': 'bars',
};
const ENCODING_WORDS: Record<string, string> = {
  'utf-8': 'UTF-8',
  'utf-16le': 'UTF-16',
  'utf-16be': 'UTF-16',
  'windows-1252': 'Windows-1252',
};

/** Bytes in the largest unit that keeps a digit before the point: 4.2 MB. */
export function bytesInWords(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** How the file was read, for the line under its name. */
export function fileFacts(detail: ImportDetail): string {
  const { view, bytes, columns, separator, encoding } = detail;
  const rows = view.rows === null ? null : `${count(view.rows)} rows`;
  const shape = `${columns.length} columns parted by ${SEPARATOR_WORDS[separator] ?? separator}`;
  return [bytesInWords(bytes), rows, shape, ENCODING_WORDS[encoding] ?? encoding].filter(Boolean).join(' · ');
}
