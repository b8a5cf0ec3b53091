import { markdownTable, mean } from './figures.ts';
import type { MinerRun } from './run-miner.ts';
import type { World } from './worlds.ts';

export function reportMiner(
  worlds: readonly World[],
  runs: ReadonlyMap<string, readonly MinerRun[]>,
): string {
  const rows = worlds.map(({ name, title, planted }) => {
    const all = runs.get(name) ?? [];
    const each = (count: (run: MinerRun, place: number) => boolean | undefined) =>
      planted
        .map((_, place) => `${all.filter((run) => count(run, place) === true).length}/${all.length}`)
        .join(', ');
    const average = (of: (run: MinerRun) => number) => mean(all.map(of)).toFixed(2);
    return [
      title,
      each((run, place) => run.everConfirmed[place]) || '–',
      each((run, place) => run.found[place]) || '–',
      each((run, place) => run.restarted[place]) || '–',
      average((run) => run.otherBetter.length),
      average((run) => run.otherWorse.length),
      average((run) => run.unconfirmed),
      `${average((run) => run.better)} + ${average((run) => run.worse)}`,
      average((run) => run.falseConfirmed),
      average((run) => run.changes),
    ];
  });
  const head = [
    'planted',
    'confirmed',
    'leads at the end',
    'began again',
    'other leaders, better',
    'other leaders, worse',
    'leaders not confirmed',
    'confirmed before pruning, better + worse',
    'false among confirmed',
    'change alarms',
  ];
  return markdownTable(head, rows);
}
