import { rankRows, checkRows, type CheckedRows } from '#domain/imports/check-rows.ts';
import { collectWindow } from '#domain/imports/collect-window.ts';
import { guessMapping } from '#domain/imports/guess-mapping.ts';
import { roleColumns, type ImportMapping } from '#domain/imports/mapping.ts';
import { rowMapper } from '#domain/imports/row-mapper.ts';
import { zoneClock } from '#domain/time/zoned-time.ts';
import { readRows } from '#lib/server/csv/read-rows.ts';
import { profileFile } from '#lib/server/services/imports/profile-file.ts';
import { mappingFrom, type MappingOptions } from './cli-mapping.ts';
import { counted, say } from './cli-run.ts';
import type { TextFile } from './cli-file.ts';
import { UsageError } from './cli-target.ts';

const WINDOW_ROWS = 200_000;
const DAY_MS = 86_400_000;

export interface CsvOptions extends MappingOptions {
  timezone: string;
  skipBad: boolean;
  shuffle?: string;
}

export interface CheckedFile {
  /** Rows that will be sent. */
  total: number;
  skipped: number;
  outcomes(): AsyncGenerator<object, void, undefined>;
}

/**
 * Checks every row of a CSV file before anything is sent; the outcomes then come in order of time.
 * @throws UsageError with the bad rows, unless they are to be skipped
 */
export async function checkCsv(file: TextFile, options: CsvOptions): Promise<CheckedFile> {
  const { separator, names, columns: profiles } = await profileFile(() => file.pieces(), options.timezone);
  const mapping = mappingFrom(options, guessMapping(profiles), profiles);
  describe(mapping, names, options.timezone);

  const newMapper = () =>
    rowMapper({ names, mapping, toInstant: zoneClock(options.timezone), digest: file.digest, latestMs });
  const latestMs = Date.now() + DAY_MS;
  const check = checkRows(newMapper());
  const rows = readRows(file.pieces(), separator);
  let next = await rows.next();
  for (; next.done !== true; next = await rows.next()) check.add(next.value);
  const checked = check.finish(next.value);
  report(checked, options.skipBad);
  const ranks = rankRows(
    checked,
    mapping.time !== null,
    options.shuffle ?? file.digest.slice(0, 16),
    options.shuffle !== undefined,
  );

  async function* outcomes(): AsyncGenerator<object, void, undefined> {
    for (let from = 0; from < checked.good; from += WINDOW_ROWS) {
      const window = collectWindow(ranks, from, Math.min(checked.good, from + WINDOW_ROWS));
      for await (const records of readRows(file.pieces(), separator)) if (window.add(records)) break;
      const mapper = newMapper();
      for (const { row, fields } of window.records) {
        const outcome = mapper.map(row, fields, ({ reason }) => say(`Row ${row}: ${reason}`));
        if (outcome === null) throw new UsageError(`${file.path} changed while it was read. Start again.`);
        yield outcome;
      }
    }
  }
  return { total: checked.good, skipped: checked.bad, outcomes };
}

function describe(mapping: ImportMapping, names: readonly string[], timezone: string): void {
  const name = (column: number) => names[column] ?? '?';
  say(
    `Outcome: ${name(mapping.outcome)}, success is ${mapping.success.join(' or ')}${mapping.neutral.length > 0 ? `, neutral is ${mapping.neutral.join(' or ')}` : ''}, anything else is failure.`,
  );
  for (const [column, role] of roleColumns(mapping))
    if (role !== 'outcome') say(`${role[0]?.toUpperCase()}${role.slice(1)}: ${name(column)}`);
  if (mapping.time !== null)
    say(`Dates as ${mapping.time.format}; without a zone they are in ${timezone} (--timezone).`);
  say(
    `Attributes: ${mapping.attributes.map(({ key, type }) => (type === 'string' ? key : `${key} (${type})`)).join(', ') || 'none'}`,
  );
  const used = new Set([...roleColumns(mapping).keys(), ...mapping.attributes.map(({ column }) => column)]);
  const left = names.filter((_, index) => !used.has(index));
  if (left.length > 0) say(`Left out: ${left.join(', ')}`);
}

function report(checked: CheckedRows, skipBad: boolean): void {
  if (checked.bad === 0) return;
  for (const { row, column, reason } of checked.problems)
    say(`Row ${row}${column === null ? '' : `, ${column}`}: ${reason}`);
  const told = checked.problems.length >= 100 ? ' The first 100 problems are listed.' : '';
  if (!skipBad || checked.good === 0) {
    throw new UsageError(
      `${counted(checked.bad)} of ${counted(checked.rows)} rows cannot be recorded; nothing was sent.${told} Correct them, or leave them out with --skip-bad.`,
    );
  }
  say(`${counted(checked.bad)} of ${counted(checked.rows)} rows are left out.${told}`);
}
