import type { SettingEntry } from '#domain/attributes/setting-entry.ts';
import type { LogFacts } from '#domain/outcomes/log-facts.ts';
import type { World } from './worlds.ts';

/** A made-up log with the settings that a leader would have stored in it. */
export interface MadeLog {
  readonly entries: readonly LogFacts[];
  readonly swaps: readonly SettingEntry[];
}

const BATCH = 50;
/** Every so often the corrected evidence takes the place of the frozen one, as of some entries before. */
const SWAP_EVERY = 200;
const SWAP_BEHIND = 15;
/** Wrong ones that wait at a time in the mean, where one outcome in eleven is recorded wrong. */
const WAITING = 20;
const CORRECTED_EACH = 0.09;

export function makeLog(world: World, random: () => number): MadeLog {
  const adds = drawAll(world, random);
  if (world.sorted === true) sortBatches(adds);
  if (world.correctedLevel !== undefined) return withCorrections(adds, `v${world.correctedLevel}`, random);
  return world.retractShare === undefined
    ? { entries: adds.map((facts, i) => entryOf(facts, i + 1)), swaps: [] }
    : withRetracts(adds, world.retractShare, random);
}

type Drawn = Pick<LogFacts, 'result' | 'attributes'>;

function drawAll(world: World, random: () => number): Drawn[] {
  const levels = new Uint8Array(world.attributes);
  return Array.from({ length: world.outcomes }, (_, i): Drawn => {
    world.draw(random, i, levels);
    const attributes: Record<string, string> = {};
    levels.forEach((level, a) => {
      attributes[`a${a}`] = `v${level}`;
    });
    if (world.periods !== undefined) {
      attributes['month'] = `m${Math.floor((i * world.periods) / world.outcomes)}`;
    }
    return { result: random() < world.rate(levels, i) ? 'success' : 'failure', attributes };
  });
}

function sortBatches(drawn: Drawn[]): void {
  for (let start = 0; start < drawn.length; start += BATCH) {
    const batch = drawn.slice(start, start + BATCH);
    const sorted = [
      ...batch.filter(({ result }) => result === 'success'),
      ...batch.filter(({ result }) => result !== 'success'),
    ];
    drawn.splice(start, sorted.length, ...sorted);
  }
}

function entryOf({ result, attributes }: Drawn, position: number): LogFacts {
  return {
    position,
    kind: 'add',
    retracts: null,
    result,
    value: null,
    attributes,
    localDay: 0,
    recordedAtMs: 0,
  };
}

function withRetracts(adds: readonly Drawn[], share: number, random: () => number): MadeLog {
  const entries: LogFacts[] = [];
  const standing: LogFacts[] = [];
  for (const drawn of adds) {
    const entry = entryOf(drawn, entries.length + 1);
    entries.push(entry);
    standing.push(entry);
    if (random() >= share) continue;
    const place = Math.floor(random() * standing.length);
    const taken = standing[place];
    const last = standing.pop();
    if (taken === undefined || last === undefined) continue;
    if (taken !== last) standing[place] = last;
    entries.push({ ...taken, position: entries.length + 1, kind: 'retract', retracts: taken.position });
  }
  return { entries, swaps: swapsIn(entries) };
}

/** Every success of a level comes as a failure, of which in the mean `WAITING` wait to be corrected. */
function withCorrections(adds: readonly Drawn[], level: string, random: () => number): MadeLog {
  const entries: LogFacts[] = [];
  const wrong: LogFacts[] = [];
  for (const drawn of adds) {
    const isWrong = drawn.attributes['a0'] === level && drawn.result === 'success';
    const entry = entryOf(isWrong ? { ...drawn, result: 'failure' } : drawn, entries.length + 1);
    entries.push(entry);
    if (isWrong) wrong.push(entry);
    if (random() >= (wrong.length / WAITING) * CORRECTED_EACH) continue;
    const [found] = wrong.splice(Math.floor(random() * wrong.length), 1);
    if (found === undefined) continue;
    entries.push({ ...found, position: entries.length + 1, kind: 'retract', retracts: found.position });
    entries.push(entryOf({ ...found, result: 'success' }, entries.length + 1));
  }
  return { entries, swaps: swapsIn(entries) };
}

function swapsIn(entries: readonly LogFacts[]): SettingEntry[] {
  return Array.from({ length: Math.floor(entries.length / SWAP_EVERY) }, (_, i) => {
    const at = (i + 1) * SWAP_EVERY;
    return {
      kind: 'evidence.swap',
      payload: { through: at - SWAP_BEHIND },
      effectiveAfter: at,
      ordinal: i + 1,
    };
  });
}
