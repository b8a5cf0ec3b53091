import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import { CONFIRMED_MINIMUM_LOG_E } from '../statistics/online-e-bh.ts';
import type { BlockIncrements } from '../statistics/block-increments.ts';
import type { EvidenceState } from '../statistics/evidence-state.ts';
import { cellOf, trackedItems } from './cell-of.ts';
import type { Columns } from './columns.ts';
import { PAIR } from './evidence-subject.ts';
import { CONFIRMED, EMERGING, FLAG, REASONS, type Reason } from './flags.ts';
import { CELL_STRIDE, HEADER, type ImageView } from './fold-image.ts';
import { JOINT_OTHERS, patternPlaces } from './image-layout.ts';
import { jointAt, jointState } from './joint-places.ts';
import { jaccard, OVERLAP_JACCARD, overlappingLeaders, RecentMatches } from './overlapping-leaders.ts';
import { advancePair, freePairs, PairPlaces, pairState } from './pair-places.ts';
import type { StandingRows } from './standing-rows.ts';
import { logEOf, type Side, sideOf } from './standing-side.ts';

export { type Side, sideOf } from './standing-side.ts';

/** How often the patterns are pruned; besides, at each new confirmation. */
export const PRUNE_EVERY = 256;
/** A child with at least this share of its parent's outcomes says the same thing in more words. */
export const RESTATEMENT_SHARE = 0.95;

interface ActivePattern {
  readonly index: number;
  /** Emerging or confirmed; else it begins again after a change, and nothing has been found of it since. */
  readonly stands: boolean;
  /** Position after which its evidence begins. */
  readonly epoch: number;
  readonly depth: number;
  readonly side: Side;
  readonly logE: number;
  readonly confirmed: boolean;
  readonly ordinal: number;
}

/**
 * Says of every emerging or confirmed pattern whether a related one explains it, so that what is left are the
 * leaders: the simplest sufficient set (STATISTICS §8).
 *
 * X ⊂ Y in conditions. Closed: n(Y) ≥ .95 n(X). A: Y folds under X unless the evidence for Y within X reaches
 * confidence .8; also where no place is free for that evidence, and then says so. B: X folds under a Y that passed A
 * where the evidence for X without Y, among everything but Y, does not. Then greedy, the strongest first: what is only the other side of a stronger leader, and clusters of mostly the
 * same outcomes. Then, the weakest first, what is left: a leader folds where, among outcomes alike in all the other
 * confirmed leaders, it does not reach .8 either; so each that stays adds something to the others together.
 *
 * Evidence of pairs and joint comparisons begins with the epoch of the pattern that is asked about. One that has begun
 * again after a change and does not stand yet has next to none, so it is not asked: what explained it still does, and
 * where nothing did, it goes on explaining what is older than its new epoch.
 *
 * `focus` limits the question to these patterns and their relatives. Evidence of pairs lives in the image and is brought
 * up to `position` here. Cost: a few µs a pair and 256 outcomes; a new pair reads the log once.
 */
export class Pruning {
  readonly #view: ImageView;
  readonly #columns: Columns;
  readonly #rows: StandingRows;
  readonly #pairs: EvidenceState;
  readonly #joints: EvidenceState;
  readonly #onChange: (index: number) => void;
  readonly #matches: RecentMatches;
  #places: PairPlaces;

  constructor(
    view: ImageView,
    columns: Columns,
    rows: StandingRows,
    increments: BlockIncrements,
    onChange: (index: number) => void,
  ) {
    this.#view = view;
    this.#columns = columns;
    this.#rows = rows;
    this.#pairs = pairState(view, increments);
    this.#joints = jointState(view, increments);
    this.#onChange = onChange;
    this.#matches = new RecentMatches(columns);
    this.#places = new PairPlaces(view);
  }

  run(position: number, focus: ReadonlySet<number> | null): void {
    const view = this.#view;
    const active = activePatterns(view, true);
    const byIndex = new Map(active.map((one) => [one.index, one]));
    if (focus === null) this.#freeGone(byIndex);
    const asked = focus === null ? active : active.filter(({ index }) => concerns(view, index, focus));
    view.header[HEADER.pairsLeftOut] = 0;
    const verdicts = new Map<number, { by: number; reason: Reason }>();
    for (const child of asked) {
      if (!child.stands) continue;
      const verdict = this.#restated(child, relatives(view, child, byIndex), position);
      if (verdict !== null) verdicts.set(child.index, verdict);
    }
    const askedAbout = new Set(asked.map(({ index }) => index));
    const explained = (index: number) =>
      verdicts.has(index) || (!askedAbout.has(index) && isExplained(view, index));
    for (const { index, stands } of asked) {
      const kept = stands ? null : verdictOf(view, index);
      if (kept === null || !byIndex.has(kept.by) || verdicts.get(kept.by)?.by === index) continue;
      verdicts.set(index, kept);
    }
    // Any child may be what is left of a pattern that is asked about, whether it is asked about itself or not.
    for (const child of active) {
      if (explained(child.index)) continue;
      for (const parent of relatives(view, child, byIndex)) {
        if (!parent.stands || !askedAbout.has(parent.index) || explained(parent.index)) continue;
        if (mayExplain(child, parent) && !this.#holdsWithout(parent, child, position)) {
          verdicts.set(parent.index, { by: child.index, reason: 'only-its-child' });
        }
      }
    }
    // Between two full prunings the window stays, so that its bits are read once.
    const windowEnd = position - (position % PRUNE_EVERY);
    const standing = active.filter(({ index }) => !explained(index)).sort(byStrength);
    const leaders: ActivePattern[] = [];
    for (const one of standing) {
      const by = one.stands ? this.#shadowed(one, leaders, position) : null;
      if (by === null) leaders.push(one);
      else verdicts.set(one.index, { by: by.index, reason: this.#shadowReason(one, by, windowEnd) });
    }
    for (const { index, by } of overlappingLeaders(view, this.#matches, leaders, windowEnd)) {
      verdicts.set(index, { by, reason: 'overlaps' });
    }
    const left = leaders.filter(({ index }) => !verdicts.has(index));
    for (const one of [...left].reverse()) {
      const by = one.stands ? this.#jointlyExplained(one, left, verdicts, focus, position) : null;
      if (by !== null) verdicts.set(one.index, { by, reason: 'jointly' });
    }
    const settled = focus === null ? null : new Set([...asked, ...standing].map(({ index }) => index));
    this.#write(byIndex, settled, verdicts);
  }

  #freeGone(byIndex: ReadonlyMap<number, ActivePattern>): void {
    const view = this.#view;
    freePairs(
      view,
      (pair) => !byIndex.has(int32At(view.pairChild, pair)) || !byIndex.has(int32At(view.pairParent, pair)),
    );
    this.#places = new PairPlaces(view);
  }

  #restated(
    child: ActivePattern,
    parents: readonly ActivePattern[],
    position: number,
  ): { by: number; reason: Reason } | null {
    const n = countOf(this.#view, child.index);
    for (const parent of parents) {
      if (n >= RESTATEMENT_SHARE * countOf(this.#view, parent.index)) {
        return { by: parent.index, reason: 'closed' };
      }
    }
    let unasked: ActivePattern | null = null;
    for (const parent of parents) {
      const pair = this.#pair(PAIR.childWithinParent, child, parent, position);
      if (pair < 0) unasked ??= parent;
      else if (this.#logE(pair, child.side) < CONFIRMED_MINIMUM_LOG_E) {
        return { by: parent.index, reason: 'restates' };
      }
    }
    return unasked === null ? null : { by: unasked.index, reason: 'not-compared' };
  }

  /**
   * The stronger leader of which this pattern is a shadow: neither within that leader's outcomes nor among everything
   * but them does it stand. So fold the other side of a leader, and conjunctions that meet it by chance or by
   * attributes that go together; those nested in it are settled by A and B.
   */
  #shadowed(one: ActivePattern, leaders: readonly ActivePattern[], position: number): ActivePattern | null {
    const view = this.#view;
    return (
      leaders.find(
        (leader) =>
          mayExplain(leader, one) &&
          !holdsItems(view, one.index, leader.index) &&
          !holdsItems(view, leader.index, one.index) &&
          !this.#holdsWithout(one, leader, position) &&
          !this.#holdsWithin(one, leader, position),
      ) ?? null
    );
  }

  /** What a shadow is to its leader: on its other side, made mostly of the same outcomes, or neither. */
  #shadowReason(one: ActivePattern, leader: ActivePattern, windowEnd: number): Reason {
    if (leader.side !== one.side) return 'mirrors';
    const [own, others] = [one, leader].map(({ index }) => this.#matches.of(this.#view, index, windowEnd));
    const isShared = own !== undefined && others !== undefined && jaccard(own, others) >= OVERLAP_JACCARD;
    return isShared ? 'overlaps' : 'shadows';
  }

  /**
   * The leader to name where the others together explain this one: among outcomes that are alike in the strongest
   * confirmed ones it does not stand. The weakest is asked first, so that what has been folded explains nothing more.
   * Between two full prunings only those of `focus` are asked, the others keep their answer.
   */
  #jointlyExplained(
    one: ActivePattern,
    leaders: readonly ActivePattern[],
    verdicts: ReadonlyMap<number, { readonly by: number }>,
    focus: ReadonlySet<number> | null,
    position: number,
  ): number | null {
    const view = this.#view;
    const others = leaders
      .filter((other) => other.confirmed && other.index !== one.index && !verdicts.has(other.index))
      .filter((other) => mayExplain(other, one))
      .slice(0, JOINT_OTHERS);
    const named =
      others.find(({ index }) => shares(view, index, one.index, 'condition')) ??
      others.find(({ index }) => shares(view, index, one.index, 'attribute')) ??
      others[0];
    if (named === undefined) return null;
    if (focus !== null && !focus.has(one.index)) {
      const kept = REASONS[byteAt(view.reason, one.index)] === 'jointly';
      return kept ? int32At(view.explainedBy, one.index) - 1 : null;
    }
    if ((byteAt(view.flags, one.index) & FLAG.period) !== 0) return null;
    const indexes = others.map(({ index }) => index);
    this.#rows.step();
    const joint = jointAt(view, this.#columns, this.#joints, one.index, indexes, position);
    if (joint < 0) {
      view.header[HEADER.pairsLeftOut] = float64At(view.header, HEADER.pairsLeftOut) + 1;
      return null;
    }
    const { mostLogEPlus, mostLogEMinus } = view.jointEvidence;
    const logE = float64At(one.side === 1 ? mostLogEPlus : mostLogEMinus, joint);
    return logE >= CONFIRMED_MINIMUM_LOG_E ? null : named.index;
  }

  #holdsWithin(one: ActivePattern, around: ActivePattern, position: number): boolean {
    const pair = this.#pair(PAIR.childWithinParent, one, around, position);
    return pair < 0 || this.#logE(pair, one.side) >= CONFIRMED_MINIMUM_LOG_E;
  }

  #holdsWithout(parent: ActivePattern, child: ActivePattern, position: number): boolean {
    const pair = this.#pair(PAIR.parentWithoutChild, child, parent, position);
    return pair < 0 || this.#logE(pair, parent.side) >= CONFIRMED_MINIMUM_LOG_E;
  }

  #pair(kind: number, child: ActivePattern, parent: ActivePattern, position: number): number {
    const view = this.#view;
    const pair = this.#places.place(kind, child.index, parent.index);
    if (pair < 0) view.header[HEADER.pairsLeftOut] = float64At(view.header, HEADER.pairsLeftOut) + 1;
    else advancePair(view, this.#rows, this.#pairs, pair, position);
    return pair;
  }

  #logE(pair: number, side: Side): number {
    const { mostLogEPlus, mostLogEMinus } = this.#view.pairEvidence;
    return float64At(side === 1 ? mostLogEPlus : mostLogEMinus, pair);
  }

  #write(
    active: ReadonlyMap<number, ActivePattern>,
    settled: ReadonlySet<number> | null,
    verdicts: ReadonlyMap<number, { by: number; reason: Reason }>,
  ): void {
    const view = this.#view;
    for (let index = 0; index < patternPlaces(view.layout); index += 1) {
      if (settled !== null && active.has(index) && !settled.has(index)) continue;
      const verdict = active.has(index) ? verdicts.get(index) : undefined;
      const by = verdict === undefined ? 0 : verdict.by + 1;
      const reason = verdict === undefined ? 0 : REASONS.indexOf(verdict.reason);
      if (int32At(view.explainedBy, index) === by && byteAt(view.reason, index) === reason) continue;
      view.explainedBy[index] = by;
      view.reason[index] = reason;
      this.#onChange(index);
    }
  }
}

/**
 * Emerging and confirmed patterns that nobody retired: parents before children, then the stronger first. `formerly`:
 * those too that a change alarm has made begin again, for what they explain must not lead in their place meanwhile.
 */
export function activePatterns(view: ImageView, formerly = false): ActivePattern[] {
  const active: ActivePattern[] = [];
  for (let index = 0; index < patternPlaces(view.layout); index += 1) {
    const flags = byteAt(view.flags, index);
    const stands = (flags & (EMERGING | CONFIRMED)) !== 0;
    const changed = formerly && byteAt(view.depth, index) > 0 && float64At(view.changedAt, index) !== 0;
    if ((!stands && !changed) || (flags & FLAG.retired) !== 0) continue;
    const side = stands ? sideOf(view, index) : sideOfCounts(view, index);
    active.push({
      index,
      stands,
      epoch: float64At(view.epochAt, index),
      depth: byteAt(view.depth, index),
      side,
      logE: logEOf(view, index, side),
      confirmed: (flags & CONFIRMED) !== 0 || changed,
      ordinal: int32At(view.ordinal, index),
    });
  }
  return active.sort((a, b) => a.depth - b.depth || b.logE - a.logE || a.ordinal - b.ordinal);
}

/** The side on which all its outcomes are, those of former epochs included. */
function sideOfCounts(view: ImageView, index: number): Side {
  const at = int32At(view.cell, index) * CELL_STRIDE;
  const { header } = view;
  const excess =
    int32At(view.cells, at + 1) * float64At(header, HEADER.n) -
    int32At(view.cells, at) * float64At(header, HEADER.successes);
  return excess >= 0 ? 1 : -1;
}

/** Confirmed first, then by evidence. */
export function byStrength(a: ActivePattern, b: ActivePattern): number {
  return Number(b.confirmed) - Number(a.confirmed) || b.logE - a.logE || a.ordinal - b.ordinal;
}

/** What has begun again and does not stand yet explains only evidence that is older than that. */
function mayExplain(other: ActivePattern, one: ActivePattern): boolean {
  return other.stands || one.epoch < other.epoch;
}

function isExplained(view: ImageView, index: number): boolean {
  return int32At(view.explainedBy, index) !== 0;
}

/** What the last pruning said of a pattern. */
function verdictOf(view: ImageView, index: number): { by: number; reason: Reason } | null {
  const reason = REASONS[byteAt(view.reason, index)] ?? null;
  return reason === null ? null : { by: int32At(view.explainedBy, index) - 1, reason };
}

function countOf(view: ImageView, index: number): number {
  return int32At(view.cells, int32At(view.cell, index) * CELL_STRIDE);
}

/** The active patterns with some of its conditions and the same side, in the order of `activePatterns`. */
function relatives(
  view: ImageView,
  child: ActivePattern,
  active: ReadonlyMap<number, ActivePattern>,
): ActivePattern[] {
  if (child.depth === 1) return [];
  const { slots, codes } = trackedItems(view, child.index);
  const found: ActivePattern[] = [];
  for (let mask = 1; mask < (1 << child.depth) - 1; mask += 1) {
    const keeps = (_: unknown, i: number) => (mask & (1 << i)) !== 0;
    const cell = cellOf(view, slots.filter(keeps), codes.filter(keeps));
    const parent = cell < 0 ? undefined : active.get(int32At(view.cells, cell * CELL_STRIDE + 2) - 1);
    if (parent !== undefined && parent.side === child.side) found.push(parent);
  }
  return found.sort((a, b) => a.depth - b.depth || b.logE - a.logE || a.ordinal - b.ordinal);
}

/** Whether a pattern is one of these, or has all conditions of one of them, or some of them and no other. */
function concerns(view: ImageView, index: number, focus: ReadonlySet<number>): boolean {
  for (const one of focus) if (holdsItems(view, index, one) || holdsItems(view, one, index)) return true;
  return false;
}

/** Whether two patterns have a condition in common, or at least conditions on the same attribute. */
function shares(view: ImageView, a: number, b: number, what: 'condition' | 'attribute'): boolean {
  const one = trackedItems(view, a);
  const other = trackedItems(view, b);
  return one.slots.some((slot, i) => {
    const j = other.slots.indexOf(slot);
    return j >= 0 && (what === 'attribute' || other.codes[j] === one.codes[i]);
  });
}

/** Whether every condition of `part` is one of `whole`. */
function holdsItems(view: ImageView, whole: number, part: number): boolean {
  const { slots, codes, depth } = view;
  const end = byteAt(depth, whole);
  for (let i = 0; i < byteAt(depth, part); i += 1) {
    let found = false;
    for (let j = 0; j < end && !found; j += 1) {
      found =
        byteAt(slots, part * 3 + i) === byteAt(slots, whole * 3 + j) &&
        byteAt(codes, part * 3 + i) === byteAt(codes, whole * 3 + j);
    }
    if (!found) return false;
  }
  return true;
}
