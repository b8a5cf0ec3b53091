import type { FeedValues } from '#lib/contracts/feed.ts';
import type { AttributeView, PatternLookup } from '#lib/contracts/fold.ts';
import type { MetricsView } from '#lib/contracts/metrics.ts';
import type { PatternList, PatternQuery, PatternView } from '#lib/contracts/pattern.ts';
import { goneForGood } from '#lib/domain/patterns/departure.ts';
import type { WantedCondition } from '#lib/domain/patterns/lookup.ts';
import type { WorkspaceKnowledge } from '../app.ts';
import type { Database, TransactionSql } from '../db/client.ts';
import type { FeedEvent } from '../event-log/append-events.ts';
import { attributeViews } from './attribute-views.ts';
import type { AppliedBatch } from './fold-commits.ts';
import type { FoldMemory } from './fold-memory.ts';
import type { FoldPool } from './fold-pool.ts';
import { readModes } from './log-store.ts';
import { localDayOf } from './local-day.ts';
import { metricsView } from './metrics-view.ts';
import { PatternAnswers } from './pattern-answers.ts';
import { PatternChanges } from './pattern-changes.ts';
import { PatternHistory, type LogReadAnew } from './pattern-history.ts';
import { PatternInsight } from './pattern-insight.ts';
import { formerRowOf, patternRowsOf, type PatternRow } from './pattern-rows.ts';

/** How long a count of open journeys stays good enough for a tile. */
const JOURNEYS_FRESH_MS = 1_000;

export interface KnowledgeOptions {
  workspace: { id: string; timezone: string };
  db: Database;
  pool: FoldPool;
  now: () => number;
  memory: FoldMemory;
}

/** What is known about a workspace from the fold's memory, all as of its last applied position. */
export class Knowledge implements WorkspaceKnowledge {
  readonly insight: PatternInsight;
  readonly #options: KnowledgeOptions;
  readonly #answers = new PatternAnswers();
  readonly #changes: PatternChanges;
  readonly #history: PatternHistory;
  #memory: FoldMemory;
  #toldTime: { openJourneys: number; localDay: number } | null = null;
  #waiting: { count: number; oldest: number | null } = { count: 0, oldest: null };
  #journeys: { at: number; open: number } | null = null;

  constructor(options: KnowledgeOptions) {
    this.#options = options;
    this.#memory = options.memory;
    this.#changes = new PatternChanges(this.#answers, () => performance.now());
    this.#history = new PatternHistory(options.workspace.id, this.#answers);
    const modes = () => readModes(options.db.sql, options.workspace.id);
    this.insight = new PatternInsight(this.#answers, options.pool, () => this.#memory, modes);
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
    this.#changes.moved(memory);
    this.#history.moved(memory);
    this.#answers.moved(new Date(this.#options.now()).toISOString(), rebuilt);
    this.#memory = memory;
  }

  setWaiting(count: number, oldestMs: number | null): void {
    this.#waiting = { count, oldest: oldestMs };
  }

  listPatterns(query: PatternQuery): PatternList {
    return this.#answers.list(this.#memory, query);
  }

  leading(): PatternView[] {
    return this.#answers.views(this.#memory, this.#memory.leaders);
  }

  leadersUpdate(): FeedValues['pattern.updated'] {
    return this.#changes.leaders(this.#memory);
  }

  chosenUpdate(ids: readonly string[]): FeedValues['pattern.updated'] {
    return this.#changes.chosen(this.#memory, new Set(ids));
  }

  matching(has: ReadonlyMap<string, string>, limit: number): { total: number; items: PatternView[] } {
    return this.#answers.matching(this.#memory, has, limit);
  }

  getPattern(id: string): PatternView | null {
    const index = this.#answers.indexOf(this.#memory, id);
    return index === null ? null : this.#answers.view(this.#memory, index);
  }

  lookupWhere(where: readonly string[]): PatternLookup {
    return this.#answers.lookupWhere(this.#memory, where);
  }

  lookupNamed(conditions: readonly WantedCondition[]): PatternLookup {
    return this.#answers.lookupNamed(this.#memory, conditions);
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

  /** Writes what a batch leaves in the history of patterns, in the transaction that commits it; null: nothing. */
  historyFor(batch: AppliedBatch): ((tx: TransactionSql) => Promise<void>) | null {
    return this.#history.writerFor(batch, this.#memory);
  }

  /** The same of a log read anew, of which the history may have another reading. */
  historyOf(reading: LogReadAnew): (tx: TransactionSql) => Promise<void> {
    return this.#history.writerOf(reading, this.#memory);
  }

  /** The events that tell readers what a batch changed. */
  async eventsFor(batch: AppliedBatch): Promise<FeedEvent[]> {
    const { memory, counted, rest } = batch;
    const openJourneys = await this.#openJourneys();
    const rev = memory.space.position;
    const metrics = this.#metricsOf(memory, openJourneys, rest);
    // A batch that fails comes again, with metrics of its own.
    this.#toldTime = {
      openJourneys,
      localDay: localDayOf(this.#options.now(), this.#options.workspace.timezone),
    };
    return [
      { type: 'pattern.updated', key: 'leaders', rev, value: this.#changes.of(batch) },
      {
        type: 'metrics.updated',
        key: 'metrics',
        rev,
        value: counted === undefined ? metrics : { ...metrics, counted },
      },
    ];
  }

  /**
   * What no outcome brings: patterns that waited to be told of, and the metrics when the day or the open journeys
   * changed. `told` says that they were written; until then they are news.
   */
  async timeEvents(): Promise<{ events: FeedEvent[]; told: () => void }> {
    const openJourneys = await this.#openJourneys();
    const rev = this.asOf;
    const waiting = this.#changes.waiting(this.#memory);
    const events: FeedEvent[] =
      waiting === null ? [] : [{ type: 'pattern.updated', key: 'leaders', rev, value: waiting }];
    const localDay = localDayOf(this.#options.now(), this.#options.workspace.timezone);
    const before = this.#toldTime;
    if (before?.openJourneys !== openJourneys || before.localDay !== localDay) {
      const value = this.#metricsOf(this.#memory, openJourneys, this.#waiting);
      events.push({ type: 'metrics.updated', key: 'metrics', rev, value });
    }
    return {
      events,
      told: () => {
        this.#changes.told();
        this.#toldTime = { openJourneys, localDay };
      },
    };
  }

  #metricsOf(
    memory: FoldMemory,
    openJourneys: number,
    waiting: { count: number; oldest: number | null },
  ): MetricsView {
    const now = this.#options.now();
    const { workspace } = this.#options;
    return metricsView({ memory, workspace, now, openJourneys, waiting, history: false });
  }

  /** Rows of the table `patterns` for these tracked patterns, as of `memory`. */
  patternRows(memory: FoldMemory, indexes: Iterable<number>): PatternRow[] {
    return patternRowsOf(this.#answers.standings(memory), this.#answers.names, indexes);
  }

  trackedIds(): string[] {
    return this.#answers.standings(this.#memory).rows.map(({ id }) => id);
  }

  /** Rows of the patterns that have no place any more after a batch. */
  formerRows({ memory, evicted }: AppliedBatch): PatternRow[] {
    const { view } = this.#answers.standings(memory);
    return goneForGood(view, evicted).map((left) =>
      formerRowOf(left, this.#answers.names.of(memory.space, left)),
    );
  }

  async #openJourneys(): Promise<number> {
    const at = performance.now();
    if (this.#journeys !== null && at - this.#journeys.at < JOURNEYS_FRESH_MS) return this.#journeys.open;
    const [row] = await this.#options.db.sql<{ open: number }[]>`
      select count(*) as open from journeys
      where workspace_id = ${this.#options.workspace.id} and state = 'open'`;
    this.#journeys = { at, open: row?.open ?? 0 };
    return this.#journeys.open;
  }
}
