import type { ImportDetail } from '#lib/contracts/imports.ts';
import { bytesInWords } from '#lib/format/bytes.ts';
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

/** How the file was read, for the line under its name. */
export function fileFacts(detail: ImportDetail): string {
  const { view, bytes, columns, separator, encoding } = detail;
  const rows = view.rows === null ? null : `${count(view.rows)} rows`;
  const shape = `${columns.length} columns parted by ${SEPARATOR_WORDS[separator] ?? separator}`;
  return [bytesInWords(bytes), rows, shape, ENCODING_WORDS[encoding] ?? encoding].filter(Boolean).join(' · ');
}
