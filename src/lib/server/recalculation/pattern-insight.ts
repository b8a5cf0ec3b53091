import type { PatternComparison, SearchFamily } from '#lib/contracts/pattern-insight.ts';
import type { ModeDecision } from '#lib/domain/attributes/setting-entry.ts';
import { longestRunOf } from '#lib/domain/patterns/evidence-subject.ts';
import { PATTERN_STATUSES, type PatternView } from '#lib/contracts/pattern.ts';
import { byteAt, float64At } from '#lib/domain/read-typed-array.ts';
import { clipOf } from '#lib/domain/patterns/clip-of.ts';
import { lastComparedAt } from '#lib/domain/patterns/compare-tracked.ts';
import { countTogether } from '#lib/domain/patterns/count-together.ts';
import { HEADER } from '#lib/domain/patterns/fold-image.ts';
import { patternPlaces, PINNED_CAP } from '#lib/domain/patterns/image-layout.ts';
import { budgetOf } from '#lib/domain/patterns/judge-pattern.ts';
import { lookup } from '#lib/domain/patterns/lookup.ts';
import type { ModeChange, ShuffleFindings, ShuffleSource } from '#lib/domain/patterns/shuffled-log.ts';
import type { EvidenceMove, TracePoint } from '#lib/domain/patterns/trace-evidence.ts';
import { readTracked, type TrackedPattern } from '#lib/domain/patterns/tracked-patterns.ts';
import type { ScanCounts } from '#lib/domain/patterns/scan-columns.ts';
import { budgetGiven, DEPTH_SHARES } from '#lib/domain/statistics/error-budget.ts';
import { newcombeDifference } from '#lib/domain/statistics/newcombe-difference.ts';
import { FALSE_DISCOVERY_RATE } from '#lib/domain/statistics/online-e-bh.ts';
import { conflict, invalid } from '../errors.ts';
import { explainPattern, sharesGiven, similarTo, type Explanation } from './explain-pattern.ts';
import type { FoldMemory } from './fold-memory.ts';
import type { FoldPool } from './fold-pool.ts';
import { readCondition, whyNot, type PatternAnswers } from './pattern-answers.ts';
import { patternIdOf } from './pattern-names.ts';

const TRACE_POINTS = 399;
const TRACE_MOVES = 20;

/** How a pattern's evidence came to be, replayed as of `asOf`. */
export interface PatternTrace {
  asOf: number;
  startedAt: number;
  /** Its share of the error budget, of both sides together. */
  gamma: number;
  points: readonly TracePoint[];
  /** Positions at which anything was confirmed, ascending. */
  confirmations: readonly number[];
  moves: readonly EvidenceMove[];
  /** As of the mark. */
  marked: { own: ScanCounts; all: ScanCounts } | null;
}

/** A conjunction about which a person may decide. */
export interface Choosable {
  id: string;
  /** False: it gets its page, under this id, once it is pinned. */
  tracked: boolean;
  label: string;
  conditions: { attribute: string; value: string }[];
  pinned: boolean;
  /** Without its pin it would not be tracked. */
  pinnedOnly: boolean;
  retired: boolean;
}

type StoredMode = ModeDecision & { readonly effectiveAfter: number };

/** Shuffles of one log, each folded in slices at low priority. */
export interface ShuffledLog {
  readonly position: number;
  /** @throws Error with the worker's message; `check` is called between slices and may throw to end it */
  run(seed: string, check: () => void): Promise<ShuffleFindings>;
}

/** What the rest of the server sees of it. */
export type Insight = Pick<PatternInsight, keyof PatternInsight>;

/** The deeper answers about a workspace's patterns, each as of the memory when it was asked. */
export class PatternInsight {
  readonly #answers: PatternAnswers;
  readonly #pool: FoldPool;
  readonly #memory: () => FoldMemory;
  readonly #modes: () => Promise<readonly StoredMode[]>;

  /** `modes`: those that attributes were ever given, in the order of effect. */
  constructor(
    answers: PatternAnswers,
    pool: FoldPool,
    memory: () => FoldMemory,
    modes: () => Promise<readonly StoredMode[]>,
  ) {
    this.#answers = answers;
    this.#pool = pool;
    this.#memory = memory;
    this.#modes = modes;
  }

  /** Null for an id that nobody has. Cost: some 5 ms. */
  explain(id: string): { asOf: number; pattern: PatternView; explanation: Explanation } | null {
    const memory = this.#memory();
    const pattern = this.#find(memory, id);
    const view = pattern === null ? null : this.#answers.view(memory, pattern.index);
    if (pattern === null || view === null) return null;
    const explanation = explainPattern(this.#answers.standings(memory), this.#answers.names, pattern);
    return { asOf: memory.space.position, pattern: view, explanation };
  }

  /** The patterns that stand and share most outcomes with this one. */
  similar(id: string): Explanation['similar'] {
    const memory = this.#memory();
    const pattern = this.#find(memory, id);
    if (pattern === null) return [];
    return similarTo(this.#answers.standings(memory), this.#answers.names, pattern.index);
  }

  /** Replays a pattern in a worker. `mark`: a position at which counts and evidence are wanted besides. */
  async trace(id: string, mark: number | null = null): Promise<PatternTrace | null> {
    const memory = this.#memory();
    const pattern = this.#find(memory, id);
    if (pattern === null) return null;
    const { view } = this.#answers.standings(memory);
    const asOf = memory.space.position;
    const startedAt = float64At(view.epochAt, pattern.index);
    const gamma = budgetOf(view, pattern.index);
    const { slots, codes } = pattern;
    const trace = await this.#pool.trace({
      columns: memory.columns,
      items: { slots, codes },
      period: slots.some((slot) => byteAt(view.slotPeriod, slot) === 1),
      longestRun: longestRunOf(view, pattern.index),
      after: startedAt,
      through: asOf,
      asOf: float64At(view.header, HEADER.retractsThrough),
      points: TRACE_POINTS,
      moves: TRACE_MOVES,
      mark: mark !== null && mark > 0 && mark < asOf ? mark : null,
    });
    const { points, moves, marked } = trace;
    return { asOf, startedAt, gamma, points, moves, marked, confirmations: memory.confirmations };
  }

  /** Two patterns side by side; null where one of the ids is nobody's. */
  compare(one: string, other: string): PatternComparison | null {
    const memory = this.#memory();
    const [a, b] = [this.#find(memory, one), this.#find(memory, other)];
    const items = [a, b].flatMap((found) =>
      found === null ? [] : (this.#answers.view(memory, found.index) ?? []),
    );
    const [first, second] = items;
    if (a === null || b === null || first === undefined || second === undefined) return null;
    const both = countTogether(memory.columns, memory.space.position, a, b);
    const either = first.n + second.n - both;
    return {
      asOf: memory.space.position,
      items,
      overlap: { both, either, jaccard: either === 0 ? null : both / either },
      difference: {
        rate: first.rate === null || second.rate === null ? null : first.rate - second.rate,
        interval: newcombeDifference({
          n1: first.n,
          s1: first.successes,
          n0: second.n,
          s0: second.successes,
        }),
        note:
          both > 0
            ? 'Looked at once, and as if the two shared no outcome, although they share some.'
            : 'Looked at once: it holds for one look that was planned, not for whoever looks often.',
      },
    };
  }

  /** All that was searched, and what of the error budget that has cost. */
  family(): SearchFamily {
    const memory = this.#memory();
    const standings = this.#answers.standings(memory);
    const { view, totals, rows, leaders } = standings;
    const { trackedCap } = view.layout;
    const header = (place: number) => float64At(view.header, place);
    const byStatus = { collecting: 0, emerging: 0, confirmed: 0, weakening: 0, retired: 0 };
    for (const { status } of rows) {
      const known = PATTERN_STATUSES.find((one) => one === status);
      if (known !== undefined) byStatus[known] += 1;
    }
    const byDepth = DEPTH_SHARES.map((budget, i) => {
      const shares = sharesGiven(view, i + 1);
      const tracked = rows.filter(({ index, depth }) => index < trackedCap && depth === i + 1).length;
      return { depth: i + 1, tracked, shares, budget, spent: budgetGiven(i + 1, shares) };
    });
    return {
      asOf: totals.position,
      tracked: totals.tracked,
      trackedCap,
      pinned: rows.filter(({ pinned }) => pinned).length,
      pinnedOnly: rows.filter(({ index }) => index >= trackedCap).length,
      pinnedOnlyCap: PINNED_CAP,
      born: totals.born,
      leftOut: totals.leftOut,
      leftOutAt: lastComparedAt(totals.position),
      cells: totals.cells,
      tuplesOutside: totals.tuplesOutside,
      pairsLeftOut: header(HEADER.pairsLeftOut),
      epochs: header(HEADER.epochs),
      rejections: header(HEADER.rejections),
      falseDiscoveryRate: FALSE_DISCOVERY_RATE,
      budgetSpent: byDepth.reduce((sum, { spent }) => sum + spent, 0),
      byDepth,
      byStatus,
      leaders: leaders.length,
      explained: rows.filter(({ under }) => under.length > 0).length,
    };
  }

  /** The tracked pattern with this id, to decide about; null where there is none. */
  chosen(id: string): Choosable | null {
    const memory = this.#memory();
    const pattern = this.#find(memory, id);
    return pattern === null ? null : this.#choosable(memory, pattern);
  }

  /**
   * A conjunction that may be pinned.
   * @throws AppError VALIDATION where it cannot be read, CONFLICT where it cannot be watched
   */
  pinnable(where: readonly string[]): Choosable {
    const memory = this.#memory();
    const answer = lookup(memory, where.map(readCondition));
    if (answer.kind !== 'found') throw invalid([{ path: 'where', message: whyNot(answer) }]);
    const { conjunction, source, trackedIndex } = answer;
    if (trackedIndex !== null) {
      const pattern = readTracked(this.#answers.standings(memory).view, trackedIndex);
      if (pattern !== null) return this.#choosable(memory, pattern);
    }
    const { fingerprint, label, conditions } = conjunction;
    if (source === 'none') {
      throw conflict(`No outcome can meet ${label} yet. Pin it once one has.`);
    }
    if (source === 'scan') {
      throw conflict(`${label} is counted by reading the log, because the table of counts is full.`);
    }
    const { view } = this.#answers.standings(memory);
    const { trackedCap } = view.layout;
    let free = false;
    for (let index = trackedCap; index < patternPlaces(view.layout) && !free; index += 1) {
      free = byteAt(view.depth, index) === 0;
    }
    if (!free) throw conflict(`All ${PINNED_CAP} places for pinned patterns are taken. Unpin one first.`);
    return {
      id: patternIdOf(fingerprint),
      tracked: false,
      label,
      conditions: conditions.map(({ attribute, value }) => ({ attribute, value })),
      pinned: false,
      pinnedOnly: false,
      retired: false,
    };
  }

  /** The last `limit` outcomes, to be shuffled over and over; null while there are none. */
  async shuffledLog(limit: number): Promise<ShuffledLog | null> {
    const stored = await this.#modes();
    const memory = this.#memory();
    const { view, totals } = this.#answers.standings(memory);
    if (totals.n === 0) return null;
    const { trackedCap, cellLimit } = view.layout;
    const source: ShuffleSource = {
      columns: memory.columns,
      through: memory.space.position,
      limit,
      modes: stored.flatMap(
        ({ effectiveAfter: after, payload: { attribute, mode, switchShare } }): ModeChange[] => {
          const slot = memory.space.searched.findIndex(({ key }) => key === attribute);
          if (slot < 0 || after > memory.space.position) return [];
          return [{ after, slot, period: mode === 'period', declared: switchShare === undefined }];
        },
      ),
      clip: clipOf(view),
      trackedCap,
      cellLimit,
    };
    return {
      position: source.through,
      run: async (seed, check) => {
        let slice = await this.#pool.shuffle(source, seed);
        while (slice.findings === null) {
          check();
          slice = await this.#pool.shuffle(source, slice.run);
        }
        return slice.findings;
      },
    };
  }

  #choosable(memory: FoldMemory, pattern: TrackedPattern): Choosable {
    const { id, label, conditions } = this.#answers.names.of(memory.space, pattern);
    const view = this.#answers.view(memory, pattern.index);
    return {
      id,
      tracked: true,
      label,
      conditions,
      pinned: view?.pinned ?? false,
      pinnedOnly: view?.pinnedOnly ?? false,
      retired: view?.status === 'retired',
    };
  }

  #find(memory: FoldMemory, id: string): TrackedPattern | null {
    const index = this.#answers.indexOf(memory, id);
    return index === null ? null : readTracked(this.#answers.standings(memory).view, index);
  }
}
