import { createHash } from 'node:crypto';
import type { AttributeView, PatternLookup, Tracked } from '#lib/contracts/fold.ts';
import type { MetricsView } from '#lib/contracts/metrics.ts';
import type { PatternList, PatternQuery, PatternView } from '#lib/contracts/pattern.ts';
import { parseWhere } from '#lib/domain/outcomes/parse-where.ts';
import { conjunctionOf } from '#lib/domain/patterns/conjunction.ts';
import { evaluate, type Evaluation } from '#lib/domain/patterns/evaluate.ts';
import { readTotals } from '#lib/domain/patterns/fold-image.ts';
import { lookup, type Lookup } from '#lib/domain/patterns/lookup.ts';
import {
  trackedPattern,
  trackedPatterns,
  type TrackedPattern,
} from '#lib/domain/patterns/tracked-patterns.ts';
import { pooledZ } from '#lib/domain/statistics/pooled-z.ts';
import type { WorkspaceKnowledge } from '../app.ts';
import type { Database } from '../db/client.ts';
import { invalid } from '../errors.ts';
import type { FeedEvent } from '../event-log/append-events.ts';
import { attributeViews } from './attribute-views.ts';
import { localDayOf } from './local-day.ts';
import type { PatternRow } from './log-store.ts';
import { metricsView } from './metrics-view.ts';
import { comparePatterns, matchesQuery, type RankedPattern } from './pattern-order.ts';
import type { FoldMemory } from './workspace-fold.ts';

/** How long a count of open journeys stays good enough for a tile. */
const JOURNEYS_FRESH_MS = 1_000;

interface Named {
  id: string;
  label: string;
  conditions: { attribute: string; value: string }[];
}

export interface KnowledgeOptions {
  workspace: { id: string; timezone: string };
  db: Database;
  now: () => number;
  memory: FoldMemory;
}

/** Answers about a workspace from the fold's memory, all as of its last applied position. */
export class Knowledge implements WorkspaceKnowledge {
  readonly #options: KnowledgeOptions;
  #memory: FoldMemory;
  #appliedAt: string | null = null;
  /** By ordinal of admission: a pattern's name never changes while the space is carried on. */
  #names = new Map<number, Named>();
  #indexById = new Map<string, number>();
  #ranked: { memory: FoldMemory; rows: RankedPattern[] } | null = null;
  /** Leaders that readers have been told of, and those of the events under way. */
  #leaderIdsSent = new Set<string>();
  #leaderIdsMade = new Set<string>();
  #toldTime: { openJourneys: number; localDay: number } | null = null;
  #waiting: { count: number; oldest: number | null } = { count: 0, oldest: null };
  #journeys: { at: number; open: number } | null = null;

  constructor(options: KnowledgeOptions) {
    this.#options = options;
    this.#memory = options.memory;
  }

  get memory(): FoldMemory {
    return this.#memory;
  }

  get asOf(): number {
    return this.#memory.space.position;
  }

  get version(): string {
    return `${this.asOf}-${this.#memory.settingsSeen}`;
  }

  /** Called by the fold after each commit; `rebuilt` when the log was read anew, so that names may have changed. */
  replace(memory: FoldMemory, rebuilt: boolean): void {
    if (rebuilt) {
      this.#names.clear();
      this.#indexById.clear();
      this.#leaderIdsSent = new Set();
    } else {
      this.#leaderIdsSent = this.#leaderIdsMade;
    }
    this.#leaderIdsMade = this.#leaderIdsSent;
    this.#memory = memory;
    this.#appliedAt = new Date(this.#options.now()).toISOString();
  }

  setWaiting(count: number, oldestMs: number | null): void {
    this.#waiting = { count, oldest: oldestMs };
  }

  listPatterns(query: PatternQuery): PatternList {
    const rows = query.view === 'leaders' ? this.#rankLeaders() : this.#rank();
    const matching = rows.filter((row) => matchesQuery(row, query));
    matching.sort(comparePatterns(query, this.#memory.leaders));
    const start = query.cursor === undefined ? 0 : matching.findIndex(({ id }) => id === query.cursor) + 1;
    if (query.cursor !== undefined && start === 0) {
      throw invalid([
        { path: 'cursor', message: 'The list no longer has this place. Start again without a cursor.' },
      ]);
    }
    const page = matching.slice(start, start + query.limit);
    const last = page.at(-1);
    return {
      asOf: this.asOf,
      total: matching.length,
      items: page.flatMap(({ index }) => this.#viewOf(index) ?? []),
      next: last !== undefined && start + page.length < matching.length ? last.id : null,
    };
  }

  leading(): PatternView[] {
    return this.#memory.leaders.flatMap((index) => this.#viewOf(index) ?? []);
  }

  matching(has: ReadonlyMap<string, string>, limit: number): { total: number; items: PatternView[] } {
    const rows = this.#rank().filter(({ conditions }) =>
      conditions.every(({ attribute, value }) => has.get(attribute) === value),
    );
    rows.sort(comparePatterns({ sort: 'leading', view: 'all', limit }, this.#memory.leaders));
    return {
      total: rows.length,
      items: rows.slice(0, limit).flatMap(({ index }) => this.#viewOf(index) ?? []),
    };
  }

  getPattern(id: string): PatternView | null {
    const known = this.#indexById.get(id);
    const index = known !== undefined && this.#idAt(known) === id ? known : this.#findIndex(id);
    return index === null ? null : this.#viewOf(index);
  }

  lookupWhere(where: readonly string[]): PatternLookup {
    const conditions = where.map((text, index) => {
      const parsed = parseWhere(text);
      if (parsed !== null) return parsed;
      throw invalid([
        { index, path: 'where', message: 'Write a condition as attribute:value, such as contact:cellular.' },
      ]);
    });
    return this.#answer(conditions);
  }

  async metrics(options: { history?: boolean } = {}): Promise<MetricsView> {
    // First: across an await the memory may be replaced, and its image written again.
    const openJourneys = await this.#openJourneys();
    return metricsView({
      memory: this.#memory,
      workspace: this.#options.workspace,
      now: this.#options.now(),
      openJourneys,
      waiting: this.#waiting,
      history: options.history ?? false,
    });
  }

  attributes(): AttributeView[] {
    return attributeViews(this.#memory);
  }

  tracked(): Tracked {
    const totals = readTotals(this.#memory.image);
    return { tracked: totals.tracked, leftOut: totals.leftOut, searched: totals.born + totals.leftOut };
  }

  /** The events that tell readers what a batch changed; `memory` is the state after it. */
  async eventsFor(
    memory: FoldMemory,
    touched: Int32Array,
    counted: { id: string; position: number }[] | undefined,
    rest: { count: number; oldest: number | null },
  ): Promise<FeedEvent[]> {
    const openJourneys = await this.#openJourneys();
    const position = memory.space.position;
    const { leaders } = memory;
    const changed = new Set(touched);
    const totals = readTotals(memory.image);
    const views = leaders.flatMap((index) => this.#viewIn(memory, index) ?? []);
    const items = views.filter(
      ({ id }, place) => changed.has(leaders[place] ?? -1) || (id !== null && !this.#leaderIdsSent.has(id)),
    );
    this.#leaderIdsMade = new Set(views.flatMap(({ id }) => id ?? []));
    const metrics = this.#metricsOf(memory, openJourneys, rest);
    return [
      {
        type: 'pattern.updated',
        key: 'leaders',
        rev: position,
        value: {
          asOf: position,
          totals: { n: totals.n, successes: totals.successes },
          leaders: [...this.#leaderIdsMade],
          items,
        },
      },
      {
        type: 'metrics.updated',
        key: 'metrics',
        rev: position,
        value: counted === undefined ? metrics : { ...metrics, counted },
      },
    ];
  }

  /** The metrics again when something that no outcome moves has changed: the day, the open journeys. */
  async timeEvents(): Promise<FeedEvent[]> {
    const openJourneys = await this.#openJourneys();
    const localDay = localDayOf(this.#options.now(), this.#options.workspace.timezone);
    if (this.#toldTime?.openJourneys === openJourneys && this.#toldTime.localDay === localDay) return [];
    const value = this.#metricsOf(this.#memory, openJourneys, this.#waiting);
    return [{ type: 'metrics.updated', key: 'metrics', rev: this.asOf, value }];
  }

  #metricsOf(
    memory: FoldMemory,
    openJourneys: number,
    waiting: { count: number; oldest: number | null },
  ): MetricsView {
    const now = this.#options.now();
    const { workspace } = this.#options;
    this.#toldTime = { openJourneys, localDay: localDayOf(now, workspace.timezone) };
    return metricsView({ memory, workspace, now, openJourneys, waiting, history: false });
  }

  /** Rows of the table `patterns` for these tracked patterns, as of `memory`. */
  patternRows(memory: FoldMemory, indexes: Iterable<number>): PatternRow[] {
    return trackedPatterns(memory.image, indexes).map((pattern) => {
      const { id, label, conditions } = this.#nameOf(memory, pattern);
      return { id, label, conditions, n: pattern.n, successes: pattern.successes, bornAt: pattern.position };
    });
  }

  #answer(where: { attribute: string; value: string }[]): PatternLookup {
    const answer = lookup(this.#memory, where);
    if (answer.kind !== 'found') throw invalid([{ path: 'where', message: whyNot(answer) }]);
    const tracked = answer.trackedIndex === null ? null : this.#viewOf(answer.trackedIndex);
    if (tracked !== null) return { asOf: this.asOf, item: tracked };
    const { evaluation } = answer;
    return {
      asOf: this.asOf,
      item: {
        ...figuresOf(evaluation),
        id: null,
        label: answer.conjunction.label,
        conditions: answer.conjunction.conditions.map(({ attribute, value }) => ({ attribute, value })),
        ...WITHOUT_EVIDENCE,
        status: 'untracked',
        since: null,
        updatedAt: this.#appliedAt,
      },
    };
  }

  #viewOf(index: number): PatternView | null {
    return this.#viewIn(this.#memory, index);
  }

  #viewIn(memory: FoldMemory, index: number): PatternView | null {
    const pattern = trackedPattern(memory.image, index);
    if (pattern === null) return null;
    const { id, label, conditions } = this.#nameOf(memory, pattern);
    return {
      ...figuresOf(evaluate(pattern, readTotals(memory.image))),
      id,
      label,
      conditions,
      ...WITHOUT_EVIDENCE,
      status: 'collecting',
      since: pattern.position,
      updatedAt: this.#appliedAt,
    };
  }

  #nameOf(memory: FoldMemory, pattern: TrackedPattern): Named {
    const known = this.#names.get(pattern.ordinal);
    if (known !== undefined) return known;
    const conjunction = conjunctionOf(memory.space, pattern.slots, pattern.codes);
    const digest = createHash('sha256').update(conjunction.fingerprint).digest('base64url').slice(0, 12);
    const named: Named = {
      id: `p_${digest}`,
      label: conjunction.label,
      conditions: conjunction.conditions.map(({ attribute, value }) => ({ attribute, value })),
    };
    this.#names.set(pattern.ordinal, named);
    this.#indexById.set(named.id, pattern.index);
    return named;
  }

  #idAt(index: number): string | null {
    const pattern = trackedPattern(this.#memory.image, index);
    return pattern === null ? null : this.#nameOf(this.#memory, pattern).id;
  }

  #findIndex(id: string): number | null {
    return this.#rank().find((row) => row.id === id)?.index ?? null;
  }

  #rank(): RankedPattern[] {
    const memory = this.#memory;
    if (this.#ranked?.memory !== memory) {
      const totals = readTotals(memory.image);
      const rows = trackedPatterns(memory.image).map((pattern) => this.#rankOne(memory, pattern, totals));
      this.#ranked = { memory, rows };
    }
    return this.#ranked.rows;
  }

  #rankLeaders(): RankedPattern[] {
    const byIndex = new Map(this.#rank().map((row) => [row.index, row]));
    return this.#memory.leaders.flatMap((index) => byIndex.get(index) ?? []);
  }

  #rankOne(
    memory: FoldMemory,
    pattern: TrackedPattern,
    totals: { n: number; successes: number },
  ): RankedPattern {
    const { id, label, conditions } = this.#nameOf(memory, pattern);
    const { n, successes } = pattern;
    const restN = totals.n - n;
    const restSuccesses = totals.successes - successes;
    const rate = n === 0 ? 0 : successes / n;
    const restRate = restN === 0 ? 0 : restSuccesses / restN;
    return {
      index: pattern.index,
      id,
      label,
      conditions,
      depth: pattern.slots.length,
      n,
      successes,
      rate,
      lift: restRate === 0 ? (rate === 0 ? 1 : Infinity) : rate / restRate,
      z: pooledZ({ n1: n, s1: successes, n0: restN, s0: restSuccesses }),
      bornAt: pattern.position,
    };
  }

  async #openJourneys(): Promise<number> {
    const now = this.#options.now();
    if (this.#journeys !== null && now - this.#journeys.at < JOURNEYS_FRESH_MS) return this.#journeys.open;
    const [row] = await this.#options.db.sql<{ open: number }[]>`
      select count(*) as open from journeys
      where workspace_id = ${this.#options.workspace.id} and state = 'open'`;
    this.#journeys = { at: now, open: row?.open ?? 0 };
    return this.#journeys.open;
  }
}

/** Evidence is gathered by the e-process of STATISTICS.md §3; nothing here stands in for it. */
const WITHOUT_EVIDENCE = {
  oddsRatio: null,
  pValue: null,
  confidence: null,
  weightedConfidence: null,
  direction: null,
  trend: null,
} as const;

function figuresOf({
  n,
  successes,
  rate,
  wilson,
  rest,
  lift,
  pValueSingleLook,
  method,
  ...more
}: Evaluation) {
  const values = more.valueCount === 0 ? null : { n: more.valueCount, mean: more.mean };
  return { n, successes, rate, wilson, rest, lift, pValueSingleLook, pValueMethod: method, values };
}

function whyNot(answer: Exclude<Lookup, { kind: 'found' }>): string {
  switch (answer.kind) {
    case 'invalid':
      return answer.reason === 'no-conditions'
        ? 'Name one to three conditions, each as attribute:value.'
        : 'At most three conditions can be asked for at once.';
    case 'unknown-attribute':
      return `No outcome has carried an attribute named "${answer.attribute}".`;
    case 'not-searched':
      return `"${answer.attribute}" is stored but not searched. An analyst may choose it in the settings.`;
    case 'collecting':
      return `"${answer.attribute}" is a number that still collects its first 500 values; cut it now in the settings.`;
    case 'in-other':
      return `This value of "${answer.attribute}" is beyond its 64 kept values and counted only as other.`;
  }
}
