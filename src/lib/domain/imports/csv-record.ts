export const SEPARATORS = [',', ';', '\t', '|'] as const;
export type Separator = (typeof SEPARATORS)[number];

/** One record of a file. `row` counts as a spreadsheet does: the header is row 1, empty lines count. */
export interface CsvRecord {
  row: number;
  fields: string[];
}
