import { FLAG, statusOf } from '#domain/patterns/flags.ts';
import { evidenceLeaders } from '#domain/patterns/leading-patterns.ts';
import { sideOf } from '#domain/patterns/prune-patterns.ts';
import { foldMade, itemsOf } from './fold-world.ts';
import { makeLog } from './make-log.ts';
import { randomOf } from './random.ts';
import { keyOf, truthsOf } from './truth.ts';
import { worldNamed } from './worlds.ts';

/** One run of the miner, as it stands at the end. */
export interface MinerRun {
  /** By planted pattern: whether it is a confirmed leader. */
  readonly found: readonly boolean[];
  /** By planted pattern: whether a change alarm has made it begin again, and it does not lead. */
  readonly restarted: readonly boolean[];
  /** By planted pattern: whether it was ever confirmed. */
  readonly everConfirmed: readonly boolean[];
  /** Confirmed patterns before pruning, by direction. */
  readonly better: number;
  readonly worse: number;
  /** Confirmed leaders that nobody planted, by direction. */
  readonly otherBetter: readonly string[];
  readonly otherWorse: readonly string[];
  /** Leaders that are emerging or weakening. */
  readonly unconfirmed: number;
  readonly confirmedEver: number;
  readonly falseConfirmed: number;
  readonly changes: number;
}

export function runMiner(name: string, run: number): MinerRun {
  const world = worldNamed(name);
  const folded = foldMade(makeLog(world, randomOf(name, run)));
  const { view, effects } = folded;
  const truths = truthsOf(world);
  const nameOf = (index: number): string => keyOf(itemsOf(folded, index) ?? []);
  const planted = world.planted.map(keyOf);
  const everConfirmed = planted.map(() => false);
  let confirmedEver = 0;
  let falseConfirmed = 0;
  let changes = 0;
  for (const { kind, index, side } of effects) {
    if (kind === 'change-up' || kind === 'change-down') changes += 1;
    if (kind !== 'confirmed') continue;
    confirmedEver += 1;
    const key = nameOf(index);
    if (truths.get(key)?.side !== side) falseConfirmed += 1;
    const place = planted.indexOf(key);
    if (place >= 0 && side === 1) everConfirmed[place] = true;
  }
  let better = 0;
  let worse = 0;
  for (let index = 0; index < view.layout.trackedCap; index += 1) {
    const flags = view.flags[index] ?? 0;
    if (statusOf(flags) !== 'confirmed') continue;
    if ((flags & FLAG.confirmedBetter) !== 0) better += 1;
    else worse += 1;
  }
  const found = planted.map(() => false);
  const otherBetter: string[] = [];
  const otherWorse: string[] = [];
  let unconfirmed = 0;
  for (const index of evidenceLeaders(view)) {
    if (statusOf(view.flags[index] ?? 0) !== 'confirmed') {
      unconfirmed += 1;
      continue;
    }
    const key = nameOf(index);
    const place = planted.indexOf(key);
    if (sideOf(view, index) === -1) otherWorse.push(key);
    else if (place >= 0) found[place] = true;
    else otherBetter.push(key);
  }
  const restarted = planted.map((key, place) =>
    effects.some(
      ({ kind, index }) =>
        (kind === 'change-up' || kind === 'change-down') && found[place] !== true && nameOf(index) === key,
    ),
  );
  const counts = { better, worse, unconfirmed, confirmedEver, falseConfirmed, changes };
  return { found, restarted, everConfirmed, otherBetter, otherWorse, ...counts };
}
