import { confidence } from '#domain/statistics/confidence.ts';
import { outcomesToGo } from '#domain/statistics/outcomes-to-go.ts';
import { liftOfOddsRatio } from '#domain/statistics/lift-of-odds-ratio.ts';
import type { PatternWhy } from '#lib/contracts/pattern-insight.ts';
import type { PatternView } from '#lib/contracts/pattern.ts';
import { chanceOfEver, confidence as confidenceText, CONFIDENCE_LINE } from '#lib/format/confidence.ts';
import { count, position } from '#lib/format/count.ts';
import { behind } from '#lib/format/duration.ts';
import { pValue } from '#lib/format/p-value.ts';
import { intervalBeside, percent } from '#lib/format/percent.ts';
import { lift, oddsInterval } from '#lib/format/ratio.ts';
import {
  confidenceShown,
  epochCauseWords,
  isCompared,
  isGuaranteed,
  sideShown,
  sideWord,
} from './evidence-words.ts';

export interface ReceiptRow {
  label: string;
  value: string;
  /** What it says, in plain words and with this pattern's own numbers. */
  meaning: string;
}

const METHODS = { 'mid-p': 'mid-p of Fisher’s exact test', z: 'the pooled z test' } as const;
const LINE = `, line at ${confidenceText(CONFIDENCE_LINE)}`;

/** Where a pattern's figures come from, one row a figure. */
export function receiptRows(
  pattern: PatternView,
  context: { asOf: number; behindMs: number | null; searched: number; budget: PatternWhy['budget'] | null },
): ReceiptRow[] {
  const { asOf, behindMs } = context;
  return [
    {
      label: 'As of',
      value: `${position(asOf)}${behindMs === null ? '' : ` · ${behind(behindMs)} behind`}`,
      meaning: `Everything up to place ${position(asOf)} of the log is counted, and nothing after it.`,
    },
    ...(pattern.confidence === null ? countRows(pattern) : evidenceRows(pattern, context)),
    ...rateRow(pattern),
    ...singleLook(pattern),
    {
      label: 'First seen',
      value: pattern.since === null ? '–' : position(pattern.since),
      meaning: sinceWords(pattern),
    },
  ];
}

function sinceWords({ id, since, pinnedOnly, epoch }: PatternView): string {
  if (since === null) {
    return id === null
      ? 'It is not tracked: nothing is kept of it but what the log says.'
      : 'It is not watched any more: nothing is kept of it but its history and what the log says.';
  }
  const startedAt = epoch?.startedAt ?? 0;
  const anew = startedAt <= since ? '' : ` At ${position(startedAt)} it began anew.`;
  return pinnedOnly
    ? `It has too few outcomes to be searched, and is watched because it was pinned. Its evidence started at its pinning, at ${position(since)}.${anew}`
    : `From ${position(since)} on there were enough outcomes to search it. ${
        startedAt > 0 && startedAt < since
          ? `Its evidence had begun anew at ${position(startedAt)}.`
          : `Its evidence was then replayed from the first one on.${anew}`
      }`;
}

function countRows(pattern: PatternView): ReceiptRow[] {
  return [
    { label: 'n', value: count(pattern.n), meaning: 'Outcomes that ended in success or failure.' },
    {
      label: '95% interval',
      value: intervalBeside(pattern.n, pattern.wilson) || '–',
      meaning: 'True rates that go well with these counts, looking once.',
    },
  ];
}

function evidenceRows(
  pattern: PatternView,
  { searched, budget }: { searched: number; budget: PatternWhy['budget'] | null },
): ReceiptRow[] {
  const value = confidenceShown(pattern) ?? 0;
  const weighted = pattern.weightedConfidence;
  const below = sideWord(pattern);
  const guaranteed = isGuaranteed(pattern);
  return [
    {
      label: 'Confidence',
      value: `${confidenceText(value)}${below === null ? '' : ` ${below}`}${LINE}`,
      meaning: guaranteed
        ? `${promise(pattern, value)} It may fall again; from the line at 0.80 on it is emerging.`
        : `Evidence of periods says something only while the other periods agree among themselves and this one within itself. ${
            pattern.comparable === null ? 'That has not been asked yet.' : 'They do not, or are too few.'
          }`,
    },
    {
      label: `Over ${count(searched)} searched`,
      value: `${confidenceText(weighted)}${LINE}`,
      meaning: `The same, after paying for having searched ${count(searched)} patterns${
        guaranteed
          ? ': at 0.80 it would be confirmed by itself. Several that come high together are confirmed sooner.'
          : '. It cannot be confirmed while the periods are not known to agree.'
      }`,
    },
    ...(budget === null ? [] : [neededRow(budget), ...toGoRow(pattern, budget)]),
    {
      label: 'p, any look',
      value: pValue(pattern.pValue),
      meaning: `Had it no effect${
        pattern.period ? ', and while the rate of the other periods stays the same' : ''
      }, a p this small would ever come up with at most this probability, however often anybody looked at this one pattern.`,
    },
    ...oddsRow(pattern),
    ...(pattern.concurrency === null ? [] : [shareRow(pattern.concurrency)]),
    ...epochRow(pattern),
  ];
}

function promise(pattern: PatternView, value: number): string {
  const chance = chanceOfEver(value);
  if (chance === 'any number') return 'Chance alone brings as much.';
  const than = pattern.period ? 'the other periods, while their rate stays the same' : 'the rest';
  return `If it were no ${sideShown(pattern)} than ${than}, it would ever come this high in ${chance} such patterns.`;
}

function neededRow({ logENeeded, logE, gamma, rejections }: PatternWhy['budget']): ReceiptRow {
  const times = (log: number) =>
    log > 13.8 ? 'over a million' : count(Math.max(0, Math.round(Math.exp(log))));
  return {
    label: 'Needed today',
    value: confidenceText(confidence(logENeeded)),
    meaning: `To be confirmed by itself it takes evidence of ${times(logENeeded)} to 1; it has ${times(logE)} to 1. Its share of the error budget is ${Number(gamma.toPrecision(2))} of 1, half of it for either side, and each of the ${count(rejections)} confirmations so far made the line lower.`,
  };
}

/** Evidence of less says as much for no effect, and a pace of fewer outcomes is anybody's guess. */
const LIKELIER_THAN_NOT = 0.5;
const ENOUGH_FOR_A_PACE = 20;

/** About how many more outcomes it takes to be confirmed; only where an effect is likelier than none. */
function toGoRow(pattern: PatternView, { logE, logENeeded }: PatternWhy['budget']): ReceiptRow[] {
  const { status, epoch, period, comparable, recounting } = pattern;
  if (status !== 'collecting' && status !== 'emerging') return [];
  if (epoch === null || epoch.n < ENOUGH_FOR_A_PACE || period || comparable === false || recounting)
    return [];
  if (confidence(logE) < LIKELIER_THAN_NOT) return [];
  const more = outcomesToGo({ n: epoch.n, logE, logENeeded });
  if (more === null || more === 0) return [];
  return [
    {
      label: 'To be confirmed',
      value: `≈ ${count(Number(more.toPrecision(1)))} more`,
      meaning: `Approximate: about so many more of its own outcomes, if its odds ratio is real and stays as it is, at the pace at which its ${count(epoch.n)} so far brought evidence. It may well take a third or three times as many; if chance brought it this far, no number will do.`,
    },
  ];
}

function oddsRow({ oddsRatio, rest }: PatternView): ReceiptRow[] {
  if (oddsRatio === null || (oddsRatio.low === 0 && oddsRatio.high === null)) return [];
  const { rate } = rest;
  const times = (ratio: number) => lift(liftOfOddsRatio(ratio, rate ?? 0));
  const inRates = `${times(oddsRatio.low ?? 0)} to ${times(oddsRatio.high ?? Infinity)}`;
  return [
    {
      label: 'Odds, any look',
      value: oddsInterval(oddsRatio),
      meaning: `The odds of success against those of the rest at the same time, valid under continuous looking.${
        rate ? ` With ${percent(rate)} in the rest that is ≈ ${inRates} its rate.` : ''
      }`,
    },
  ];
}

function rateRow({ n, rateAnyLook }: PatternView): ReceiptRow[] {
  if (n === 0 || rateAnyLook === undefined) return [];
  return [
    {
      label: 'Rate, any look',
      value: intervalBeside(n, rateAnyLook),
      meaning:
        'Valid under continuous looking: while the true rate stays the same, it is inside at every look in 95 of 100 such patterns. The narrower 95% interval is for looking once.',
    },
  ];
}

function shareRow(concurrency: number): ReceiptRow {
  return {
    label: 'Same-time share',
    value: concurrency.toFixed(2),
    meaning:
      'How much of it could be compared with outcomes of the rest at the same time: about 1 where the two came evenly mixed, 0 where they never met.',
  };
}

function epochRow(pattern: PatternView): ReceiptRow[] {
  const { epoch } = pattern;
  const cause = epochCauseWords(pattern);
  if (epoch === null || cause === null) return [];
  return [
    {
      label: 'Evidence since',
      value: position(epoch.startedAt),
      meaning: `It rests on the ${count(epoch.n)} outcomes after that place, ${count(epoch.successes)} of them successes: ${cause}.`,
    },
  ];
}

function singleLook(pattern: PatternView): ReceiptRow[] {
  const p = isCompared(pattern) ? pattern.pValueSingleLook : null;
  return [
    {
      label: 'p, single look',
      value: pValue(p),
      meaning: `For somebody who looked once, at this pattern only (${METHODS[pattern.pValueMethod]}). You look often, so nothing rests on it.`,
    },
  ];
}
