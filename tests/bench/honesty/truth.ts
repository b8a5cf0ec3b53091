import { type Items, LEVELS, type World } from './worlds.ts';

/** What is true of a conjunction, from the population itself. */
export interface Truth {
  /** 1: its odds exceed those of the rest at all times; -1: the rest's do; 0: they are the same, or it varies. */
  readonly side: 1 | 0 | -1;
  /** Rate over the rest's rate, at the last time. */
  readonly ratio: number;
}

export function keyOf(items: Items): string {
  return items.map(([attribute, level]) => `${attribute}.${level}`).join(' ');
}

const KNOWN = new Map<string, ReadonlyMap<string, Truth>>();

/** The truth of every conjunction of one to three attributes, the calendar left out. Cost: some .1 s a world, once. */
export function truthsOf(world: World): ReadonlyMap<string, Truth> {
  const known = KNOWN.get(world.name);
  if (known !== undefined) return known;
  const populations = world.times.map((time) => populationAt(world, time));
  const truths = new Map(
    conjunctions(world.attributes).map((items) => [keyOf(items), truthOf(items, populations)]),
  );
  KNOWN.set(world.name, truths);
  return truths;
}

export function conjunctions(attributes: number): Items[] {
  const found: Items[] = [];
  const extend = (items: Items, from: number): void => {
    if (items.length > 0) found.push(items);
    if (items.length === 3) return;
    for (let attribute = from; attribute < attributes; attribute += 1) {
      for (let level = 0; level < LEVELS; level += 1) extend([...items, [attribute, level]], attribute + 1);
    }
  };
  extend([], 0);
  return found;
}

interface Group {
  readonly levels: Uint8Array;
  readonly weight: number;
  readonly rate: number;
}

function populationAt(world: World, time: number): Group[] {
  return Array.from({ length: LEVELS ** world.attributes }, (_, combination) => {
    const levels = Uint8Array.from(
      { length: world.attributes },
      (_level, a) => Math.floor(combination / LEVELS ** a) % LEVELS,
    );
    return { levels, weight: world.probability(levels, time), rate: world.rate(levels, time) };
  });
}

function truthOf(items: Items, populations: readonly (readonly Group[])[]): Truth {
  let above = true;
  let below = true;
  let ratio = 1;
  for (const population of populations) {
    let n1 = 0;
    let s1 = 0;
    let n0 = 0;
    let s0 = 0;
    for (const { levels, weight, rate } of population) {
      if (items.every(([attribute, level]) => levels[attribute] === level)) {
        n1 += weight;
        s1 += weight * rate;
      } else {
        n0 += weight;
        s0 += weight * rate;
      }
    }
    // Rates and odds exceed one another together.
    ratio = s1 / n1 / (s0 / n0);
    // Where one side is never there the ratio is no number, and nothing is true of it.
    if (!(ratio > 1 + 1e-9)) above = false;
    if (!(ratio < 1 - 1e-9)) below = false;
  }
  return { side: above ? 1 : below ? -1 : 0, ratio };
}
