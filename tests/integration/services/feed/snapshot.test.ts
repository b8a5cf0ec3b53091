import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FEED_TOPICS, type FeedType, type FeedValues } from '#lib/contracts/feed.ts';
import { patternQuerySchema } from '#lib/contracts/pattern.ts';
import type { App, FeedAudience, FeedSnapshot } from '#lib/server/app.ts';
import { createSequencer, readAfter, readHead } from '#lib/server/event-log/index.ts';
import { createSnapshotSource } from '#lib/server/services/feed/index.ts';
import { openJourney } from '#lib/server/services/journeys/index.ts';
import { deleteOutcome, recordOutcomes } from '#lib/server/services/outcomes/index.ts';
import { makeWorkspace, settled, startTestApp, type TestApp } from '../../../support/test-app.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/test-database.ts';

let db: TestDatabase;
let test: TestApp;
let sequencer: ReturnType<typeof createSequencer>;

beforeAll(async () => {
  db = await createTestDatabase();
  test = await startTestApp(db.url);
  // As when the feed has started.
  await readHead(db.sql);
  sequencer = createSequencer({ url: db.url, doorbell: test.app.doorbell });
  sequencer.start();
});
afterAll(async () => {
  await sequencer.stop();
  await test.stop();
  await db.drop();
});

const audience = (topics: readonly string[] = FEED_TOPICS): FeedAudience => ({
  workspaceId: test.workspace.id,
  topics,
  scopes: ['workspace'],
  patterns: null,
});
type Whole = Omit<FeedSnapshot, 'figures'>;
/** Reads rows and figures, of all patterns or of those chosen. */
const sourceOf = (app: Pick<App, 'db' | 'folds'>) => async (of: FeedAudience) => {
  const { figures, ...snapshot } = await createSnapshotSource(app)(of);
  const chosen = of.patterns === null ? undefined : await figures?.chosen(of.patterns);
  const figured = chosen === undefined ? ((await figures?.parts()) ?? []) : [chosen ?? []].flat();
  return { ...snapshot, parts: [...snapshot.parts, ...figured] };
};
const part = <T extends FeedType>(snapshot: Whole, type: T) =>
  (snapshot.parts.find((one) => one.type === type)?.items ?? []) as {
    key: string;
    rev: number;
    value: FeedValues[T];
  }[];

const outcome = (n: number) => ({
  subject: `s${n}`,
  result: n % 3 === 0 ? ('success' as const) : ('failure' as const),
  attributes: { contact: n % 2 === 0 ? 'cellular' : 'telephone' },
});
const record = (count: number, from = 0) =>
  recordOutcomes(
    test.ctx,
    Array.from({ length: count }, (_, n) => outcome(from + n)),
    { source: 'api' },
  );

describe('a snapshot of a workspace', () => {
  it('has every outcome whose event is at or before the head it names, whoever writes meanwhile', async () => {
    const source = sourceOf(test.app);
    let writing = true;
    const writer = (async () => {
      for (let n = 0; n < 15 && writing; n += 1) await record(3, n * 3);
    })();
    const snapshots: Whole[] = [];
    while (snapshots.length < 12) snapshots.push(await source(audience(['outcomes'])));
    writing = false;
    await writer;
    await settled(test);
    const events = await readAfter(db.sql, 0, 1_000);
    for (const snapshot of snapshots) {
      expect(snapshot.epoch).toMatch(/^[0-9a-f]{8}$/);
      const has = new Set(part(snapshot, 'outcome.recorded').map(({ key }) => key));
      const told = events
        .filter(({ seq, type }) => seq <= snapshot.seq && type === 'outcome.recorded')
        .map(({ key }) => key);
      // Committed and not sequenced yet may be in it too, and comes again as a delta.
      expect(told.filter((key) => !has.has(key))).toEqual([]);
    }
  });

  it('has the newest hundred outcomes and two hundred open journeys, oldest first, without what was deleted', async () => {
    const recorded = await record(130, 100);
    const last = recorded.items.at(-1)?.id ?? '';
    await deleteOutcome(test.ctx, last);
    for (let n = 0; n < 3; n += 1) await openJourney(test.ctx, { subject: `j${n}` });
    const snapshot = await sourceOf(test.app)(audience());
    const outcomes = part(snapshot, 'outcome.recorded');
    expect(outcomes).toHaveLength(100);
    const keys = outcomes.map(({ key }) => key);
    expect(keys).not.toContain(last);
    expect(keys).toEqual([...keys].sort());
    for (const { key, rev, value } of outcomes) expect(value).toMatchObject({ id: key, revision: rev });
    expect(
      part(snapshot, 'journey.opened').map(({ value }) => (value as { subject: string }).subject),
    ).toEqual(['j0', 'j1', 'j2']);
  });

  it('has folded figures at least as new as its moment, complete', async () => {
    const position = await settled(test);
    const snapshot = await sourceOf(test.app)(audience());
    const [patterns] = part(snapshot, 'pattern.updated');
    const [metrics] = part(snapshot, 'metrics.updated');
    expect(patterns?.rev).toBe(position);
    expect(patterns?.value).toMatchObject({ asOf: position, more: 0 });
    expect(patterns?.value.items.map(({ id }) => id)).toEqual(patterns?.value.leaders);
    expect(metrics?.value).toMatchObject({ asOf: position });
    expect(metrics?.rev).toBe(position);
  });

  it('has of chosen patterns those that are tracked, shown first or not', async () => {
    // Ten patterns more, and eight are shown first.
    const waves = Array.from({ length: 300 }, (_, n) => ({
      ...outcome(n),
      attributes: { wave: `w${n % 10}` },
    }));
    await recordOutcomes(test.ctx, waves, { source: 'api' });
    const position = await settled(test);
    const knowledge = await test.app.folds.of(test.workspace.id);
    const first = knowledge.leading().map(({ id }) => id);
    const { items } = knowledge.listPatterns(patternQuerySchema.parse({}));
    const folded = items.filter(({ id }) => !first.includes(id));
    const chosen = [folded[0]?.id, first[0], 'p_------------'].flatMap((id) => id ?? []);
    expect(chosen).toHaveLength(3);
    const source = sourceOf(test.app);
    const snapshot = await source({ ...audience(['patterns']), patterns: chosen });
    const [patterns] = part(snapshot, 'pattern.updated');
    const [all] = part(await source(audience(['patterns'])), 'pattern.updated');
    expect(patterns).toMatchObject({ key: 'leaders', rev: position });
    expect(patterns?.value).toEqual({
      asOf: position,
      totals: all?.value.totals,
      leaders: [first[0]],
      items: [first[0], folded[0]?.id].map((id) => knowledge.getPattern(id ?? '')),
      more: 0,
    });
    expect(all?.value.leaders).toEqual(first);
  });

  it('has only the topics asked for, of this workspace, and nothing of what there is none', async () => {
    const source = sourceOf(test.app);
    const some = await source(audience(['journeys', 'alerts']));
    expect(some.parts.map(({ type }) => type)).toEqual(['journey.opened']);
    const other = await makeWorkspace(test.app);
    const empty = await source({
      ...audience(['outcomes', 'journeys', 'collections']),
      workspaceId: other.id,
    });
    expect(empty.parts).toEqual([]);
  });

  it('goes without the figures of a fold that failed, and waits for one that is on the way', async () => {
    await record(3);
    const position = await settled(test);
    const stuck = (error: string | null) =>
      sourceOf({
        db: test.app.db,
        folds: {
          of: (id) => test.app.folds.of(id),
          readApplied: (sql, id) => test.app.folds.readApplied(sql, id),
          waitFor: () => Promise.resolve(false),
          check: () => Promise.resolve(null),
          health: () => [{ workspaceId: test.workspace.id, applied: position, leading: true, error }],
        },
      })(audience());
    expect((await stuck('broken')).parts.map(({ type }) => type)).toEqual([
      'outcome.recorded',
      'journey.opened',
    ]);
    await expect(stuck(null)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
