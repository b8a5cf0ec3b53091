import { countWithInterval, markdownTable, mean, median, percent, standardError, sum } from './figures.ts';
import type { FamilyRun } from './run-family.ts';
import type { World } from './worlds.ts';

/** The share of runs that may have a confirmed pattern where nothing is real, and of false ones among confirmed. */
const BOUND = 0.05;

type Runs = ReadonlyMap<string, readonly FamilyRun[]>;

/** Families in which nothing is real. */
export function reportNull(worlds: readonly World[], runs: Runs): string {
  const rows = worlds.map(({ name, title }) => {
    const families = runs.get(name) ?? [];
    const any = families.filter(({ confirmed }) => confirmed > 0).length;
    return [
      title,
      countWithInterval(any, families.length) + verdict(any / families.length),
      mean(families.map(({ confirmed }) => confirmed)).toFixed(2),
      mean(families.map(({ emerging }) => emerging)).toFixed(1),
      mean(families.map(({ tracked }) => tracked)).toFixed(0),
      mean(families.map(({ usual }) => usual)).toFixed(0),
    ];
  });
  const head = [
    'nothing real',
    'runs with a confirmed pattern',
    'confirmed a run',
    'emerging a run',
    'tracked',
    'alerts by p ≤ .05',
  ];
  const calendar = sum([...runs.values()].flat().map((one) => one.calendar));
  return [
    markdownTable(head, rows),
    '',
    `Confirmed patterns about the calendar, in all runs: ${calendar}.`,
  ].join('\n');
}

/** Families in which something is real. */
export function reportMixed(worlds: readonly World[], runs: Runs): string {
  const rows = worlds.map(({ name, title, planted }) => {
    const families = runs.get(name) ?? [];
    const sup = families.map(({ supFdp }) => supFdp);
    const usual = sum(families.map((one) => one.usual));
    return [
      title,
      `${percent(mean(sup), 2)} ± ${percent(standardError(sup), 2)}${verdict(mean(sup))}`,
      percent(mean(families.map(({ finalFdp }) => finalFdp)), 2),
      `${mean(families.map((one) => one.confirmed)).toFixed(1)} (${mean(families.map((one) => one.falseConfirmed)).toFixed(2)})`,
      percent(share(families, 'strongConfirmed')),
      percent(share(families, 'strongEmerging')),
      planted.map((_, driver) => driverCell(families, driver)).join(', '),
      `${percent(sum(families.map((one) => one.usualWrong)) / Math.max(1, usual))} of ${(usual / families.length).toFixed(0)}`,
    ];
  });
  const head = [
    'something real',
    'false share, largest over time',
    'false share at the end',
    'confirmed a run (false)',
    'strong lifts confirmed',
    'strong lifts emerging',
    'drivers confirmed, median at',
    'false by p ≤ .05',
  ];
  return markdownTable(head, rows);
}

function driverCell(families: readonly FamilyRun[], driver: number): string {
  const at = families.map((one) => one.driversAt[driver] ?? 0).filter((position) => position > 0);
  const middle = median(at);
  return `${percent(at.length / families.length, 0)} ${middle === null ? '' : middle.toFixed(0)}`.trim();
}

function share(families: readonly FamilyRun[], of: 'strongConfirmed' | 'strongEmerging'): number {
  return sum(families.map((one) => one[of])) / Math.max(1, sum(families.map(({ strong }) => strong)));
}

function verdict(value: number): string {
  return value > BOUND ? ' **over 5 %**' : '';
}
