import { foldMade, itemsOf } from './fold-world.ts';
import { makeLog } from './make-log.ts';
import { randomOf } from './random.ts';
import { keyOf, truthsOf } from './truth.ts';
import { usualAlerts } from './usual-rule.ts';
import { worldNamed } from './worlds.ts';

/** Patterns whose rate is at least this many times the rest's. */
const STRONG = 1.3;

/** One family: what was said of it, and how much of that is wrong. */
export interface FamilyRun {
  readonly tracked: number;
  readonly confirmed: number;
  readonly falseConfirmed: number;
  /** Share of false among all confirmed so far: its largest value over time. */
  readonly supFdp: number;
  readonly finalFdp: number;
  readonly emerging: number;
  readonly falseEmerging: number;
  readonly strong: number;
  readonly strongConfirmed: number;
  readonly strongEmerging: number;
  /** By driver the position at which it was confirmed; 0 for never. */
  readonly driversAt: readonly number[];
  readonly changes: number;
  readonly usual: number;
  readonly usualWrong: number;
  /** Confirmed patterns that are about the calendar. */
  readonly calendar: number;
  /** Evidence was replayed without retracted outcomes. */
  readonly recounted: number;
}

export function runFamily(name: string, run: number): FamilyRun {
  const world = worldNamed(name);
  const log = makeLog(world, randomOf(name, run));
  const folded = foldMade(log);
  const truths = truthsOf(world);
  const keys = new Map<number, string | null>();
  const keyAt = (index: number): string | null => {
    const known = keys.get(index);
    if (known !== undefined) return known;
    const items = itemsOf(folded, index);
    const key = items === null ? null : keyOf(items);
    keys.set(index, key);
    return key;
  };
  const drivers = world.planted.map(keyOf);
  const driversAt = drivers.map(() => 0);
  const emerged = new Set<string>();
  const tally = { confirmed: 0, falseConfirmed: 0, supFdp: 0, falseEmerging: 0 };
  const tallies = { changes: 0, calendar: 0, recounted: 0 };
  const strongConfirmed = new Set<string>();
  const strongEmerging = new Set<string>();
  for (const { kind, index, side, position } of folded.effects) {
    if (kind === 'change-up' || kind === 'change-down') tallies.changes += 1;
    if (kind === 'recounted') tallies.recounted += 1;
    if (kind !== 'emerging' && kind !== 'confirmed') continue;
    const key = keyAt(index);
    // Nothing about the calendar is real in any world.
    const truth = key === null ? undefined : truths.get(key);
    const isTrue = truth?.side === side;
    const strong = isTrue && side === 1 && truth.ratio >= STRONG;
    // Confirmed at once is emerging too.
    const claim = `${index} ${side}`;
    if (!emerged.has(claim)) {
      emerged.add(claim);
      if (!isTrue) tally.falseEmerging += 1;
    }
    if (strong && key !== null) strongEmerging.add(key);
    if (kind === 'emerging') continue;
    tally.confirmed += 1;
    if (!isTrue) tally.falseConfirmed += 1;
    tally.supFdp = Math.max(tally.supFdp, tally.falseConfirmed / tally.confirmed);
    if (key === null) tallies.calendar += 1;
    else if (strong) strongConfirmed.add(key);
    const driver = key === null ? -1 : drivers.indexOf(key);
    if (driver >= 0 && side === 1 && driversAt[driver] === 0) driversAt[driver] = position;
  }
  const { view } = folded;
  let tracked = 0;
  let strong = 0;
  for (let index = 0; index < view.layout.trackedCap; index += 1) {
    if (view.depth[index] === 0) continue;
    tracked += 1;
    const key = keyAt(index);
    if (key !== null && (truths.get(key)?.ratio ?? 0) >= STRONG) strong += 1;
  }
  const usual = usualAlerts(world, log.entries, truths);
  return {
    tracked,
    ...tally,
    ...tallies,
    finalFdp: tally.confirmed === 0 ? 0 : tally.falseConfirmed / tally.confirmed,
    emerging: emerged.size,
    strong,
    strongConfirmed: strongConfirmed.size,
    strongEmerging: strongEmerging.size,
    driversAt,
    usual: usual.alerts,
    usualWrong: usual.wrong,
  };
}
