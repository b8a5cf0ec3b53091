/*
 * The confirmed leaders of the bank file, for docs/statistics.md: npm run bench -- bank
 * Rows in the file's order, nine attributes, the fold of the product.
 */
import { type AttributeSpace, createAttributeSpace } from '#domain/attributes/attribute-space.ts';
import { encodeEntries } from '#domain/attributes/encode-entries.ts';
import type { EncodedMode } from '#domain/attributes/encoded-batch.ts';
import type { LogFacts } from '#domain/outcomes/log-facts.ts';
import { emptyColumns } from '#domain/patterns/columns.ts';
import { conjunctionOf } from '#domain/patterns/conjunction.ts';
import { foldBatch } from '#domain/patterns/fold-batch.ts';
import type { FoldEffect } from '#domain/patterns/fold-effect.ts';
import { createFoldImage, type FoldImage, openImage, readTotals } from '#domain/patterns/fold-image.ts';
import { evidenceLeaders } from '#domain/patterns/leading-patterns.ts';
import { readEvidence } from '#domain/patterns/pattern-evidence.ts';
import { trackedPatterns } from '#domain/patterns/tracked-patterns.ts';
import { BlockIncrements } from '#domain/statistics/block-increments.ts';
import { BANK_ATTRIBUTES, bankIsMissing, bankOutcomes } from '../support/bank-file.ts';
import { markdownTable, percent } from './honesty/figures.ts';

const BATCH = 5_000;

interface Folded {
  readonly image: FoldImage;
  readonly space: AttributeSpace;
  readonly effects: readonly FoldEffect[];
  readonly modes: readonly EncodedMode[];
}

function foldBank(): Folded {
  const log = bankOutcomes().map(({ result, attributes }, i): LogFacts => ({
    position: i + 1,
    kind: 'add',
    retracts: null,
    result,
    value: null,
    attributes: attributes as Record<string, string>,
    localDay: 0,
    recordedAtMs: 0,
  }));
  const increments = new BlockIncrements();
  const effects: FoldEffect[] = [];
  const modes: EncodedMode[] = [];
  let space = createAttributeSpace();
  let image: FoldImage = createFoldImage();
  let spare: FoldImage | null = null;
  let columns = emptyColumns();
  for (let start = 0; start < log.length; start += BATCH) {
    const encoded = encodeEntries(space, log.slice(start, start + BATCH), []);
    if (encoded.kind === 'refold') throw new Error(`refold because of ${encoded.because.kind}`);
    const result = foldBatch({ front: image, spare, columns, batch: encoded.batch }, increments);
    spare = image;
    ({ image, columns } = result);
    ({ space } = encoded);
    effects.push(...result.effects);
    modes.push(...encoded.batch.acts.filter((act) => act.kind === 'mode'));
  }
  return { image, space, effects, modes };
}

function report({ image, space, effects, modes }: Folded): string {
  const view = openImage(image);
  const totals = readTotals(image);
  const patterns = new Map(trackedPatterns(image).map((pattern) => [pattern.index, pattern]));
  const evidence = new Map([...patterns.keys()].map((index) => [index, readEvidence(view, index)]));
  const all = [...evidence.values()];
  const timeBound = space.searched.filter(({ mode }) => mode?.mode === 'period').map(({ key }) => key);
  const period = all.filter((one) => one.period);
  const modeHistory = modes.map(
    ({ after, slot, period: by }) =>
      `${space.searched[slot]?.key} ${by ? 'by period' : 'at the same time'} after ${after.toLocaleString('en-US')}`,
  );
  const byPeriod = effects.filter(
    ({ kind, index, position }) =>
      kind === 'confirmed' && patterns.get(index)?.slots.some((slot) => isTimed(modes, slot, position)),
  );
  const leaders = evidenceLeaders(view);
  const confirmed = leaders.filter((index) => evidence.get(index)?.status === 'confirmed');
  const rows = confirmed.map((index) => {
    const pattern = patterns.get(index);
    const known = evidence.get(index);
    if (pattern === undefined || known === undefined) throw new RangeError(`no pattern at ${index}`);
    const { n, successes } = pattern;
    const better = known.direction === 'better';
    return [
      conjunctionOf(space, pattern.slots, pattern.codes).label,
      better ? 'better' : 'worse',
      n.toLocaleString('en-US'),
      percent(successes / n),
      percent((totals.successes - successes) / (totals.n - n)),
      known.status,
      (better ? known.confidence : known.confidenceWorse).toFixed(4),
    ];
  });
  const is = (status: string) => all.filter((one) => one.status === status).length;
  const head = ['pattern', 'direction', 'n', 'rate', 'rest', 'status', 'confidence'];
  return [
    `${totals.n.toLocaleString('en-US')} outcomes, ${BANK_ATTRIBUTES.length} attributes, base rate ${percent(totals.successes / totals.n)}: ${totals.tracked.toLocaleString('en-US')} patterns tracked,`,
    `${is('emerging')} emerging, ${is('confirmed')} confirmed, ${is('weakening')} weakening; ${leaders.length} leaders, ${confirmed.length} of them confirmed.`,
    `Found bound to time: ${timeBound.join(', ') || 'none'}. Of their ${period.length.toLocaleString('en-US')} patterns ${period.filter(({ status }) => status === 'confirmed').length} are confirmed, ${period.filter(({ status }) => status === 'weakening').length} weakening; confirmed by period at any time: ${byPeriod.length}.`,
    `Modes found: ${modeHistory.join('; ')}.`,
    '',
    markdownTable(head, rows),
  ].join('\n');
}

/** Whether an attribute was compared by period at a position. */
function isTimed(modes: readonly EncodedMode[], slot: number, position: number): boolean {
  return modes.findLast((mode) => mode.slot === slot && mode.after < position)?.period === true;
}

if (bankIsMissing === null) process.stdout.write(`${report(foldBank())}\n`);
else process.stdout.write(`skipped: ${bankIsMissing}\n`);
