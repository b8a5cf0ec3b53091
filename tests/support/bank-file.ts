import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { OutcomeInput } from '#lib/contracts/outcome.ts';
import { projectRoot } from './running-server.ts';

const folder = join(projectRoot, '..', 'shared', 'data', 'bank_full');
export const BANK_CSV = join(folder, 'data_dated.csv');
/** Why tests on the bank file skip; null when it is there. */
export const bankIsMissing = existsSync(BANK_CSV) ? null : 'the public bank file is not on this machine';

/** The categorical attributes whose cells TRUTH.json counts. */
export const BANK_ATTRIBUTES = [
  'job',
  'marital',
  'education',
  'default',
  'housing',
  'loan',
  'contact',
  'month',
  'poutcome',
] as const;

export interface TruthCell {
  where: Record<string, string>;
  n: number;
  successes: number;
  wilson95: [number, number];
  z: number;
  log10_p: number;
  lift: number;
}

type RawCell = Omit<TruthCell, 'where'> & Record<string, unknown>;

const isAttribute = (key: string) => (BANK_ATTRIBUTES as readonly string[]).includes(key);

function toCell(raw: RawCell, where: Record<string, unknown>): TruthCell {
  const conditions = Object.entries(where).map(([key, value]) => [key, String(value)]);
  return { ...raw, where: Object.fromEntries(conditions) as Record<string, string> };
}

/** Every cell of `single_attribute`, `families` and `all_conjunctions_1_to_3`. */
export function bankTruth(): TruthCell[] {
  const truth = JSON.parse(readFileSync(join(folder, 'TRUTH.json'), 'utf8')) as {
    single_attribute: Record<string, Record<string, RawCell>>;
    families: Record<string, { largest_30: RawCell[] }>;
    all_conjunctions_1_to_3: Record<string, unknown>;
  };
  const singles = Object.entries(truth.single_attribute).flatMap(([attribute, values]) =>
    Object.entries(values).map(([value, cell]) => toCell(cell, { [attribute]: value })),
  );
  const families = Object.values(truth.families).flatMap(({ largest_30: cells }) =>
    cells.map((cell) =>
      toCell(cell, Object.fromEntries(Object.entries(cell).filter(([key]) => isAttribute(key)))),
    ),
  );
  const conjunctions = Object.values(truth.all_conjunctions_1_to_3)
    .filter(
      (list): list is (RawCell & { where: Record<string, string> })[] =>
        Array.isArray(list) && typeof list[0] === 'object',
    )
    .flatMap((list) => list.map((cell) => toCell(cell, cell.where)));
  return [...singles, ...families, ...conjunctions];
}

/** The rows as outcomes with the nine attributes of the truth. */
export function bankOutcomes(): OutcomeInput[] {
  const rows = parse(readFileSync(BANK_CSV), { columns: true }) as Record<string, string>[];
  return rows.map((row, index) => ({
    externalId: `bank-${index + 1}`,
    subject: `row ${index + 1}`,
    result: row['y'] === 'yes' ? 'success' : 'failure',
    attributes: Object.fromEntries(BANK_ATTRIBUTES.map((key) => [key, row[key] ?? ''])),
  }));
}
