import type { PatternView } from '#lib/contracts/pattern.ts';
import { chanceOfEver, confidence as confidenceText } from '#lib/format/confidence.ts';
import { count, position } from '#lib/format/count.ts';
import { interval, MIN_CASES_FOR_RATE, percent } from '#lib/format/percent.ts';
import { lift, odds, oddsInterval, points } from '#lib/format/ratio.ts';
import {
  changeSubject,
  confidenceShown,
  disagrees,
  ENOUGH_OF_REST,
  epochCause,
  isCompared,
  isGuaranteed,
  sideShown,
} from './evidence-words.ts';

/** A piece of a sentence; figures stand out. */
export type Piece = string | { figure: string };

const figure = (text: string): Piece => ({ figure: text });
const ENOUGH = 20;
const ENOUGH_TO_COMPARE = 5;
/** From here on the plain difference is notably larger than the one of the same time. */
const NOTABLY = 1.25;
const EVENLY_MIXED = 0.25;
/** What is expected to be wrong of all that is ever called confirmed, in 100. */
const FALSE_OF_100 = 5;

/** What a pattern's figures say, in plain words and with those figures. One entry a paragraph. */
export function explainPattern(pattern: PatternView): Piece[][] {
  const { n, successes, rate, rest } = pattern;
  if (n === 0 || rate === null) {
    return [['No outcome has met these conditions yet, so there is nothing to compare.']];
  }
  if (n < ENOUGH_TO_COMPARE) {
    return [
      [
        figure(`${successes} of ${n}`),
        ' converted. That is too few to call a rate; it says almost nothing yet.',
      ],
    ];
  }
  const paragraphs: Piece[][] = [
    [
      'Of the outcomes that meet these conditions, ',
      figure(percent(rate)),
      ` of ${count(n)} converted. With this many, the rate may lie anywhere from `,
      figure(interval(pattern.wilson).replace('–', ' to ')),
      '.',
    ],
  ];
  if (rest.n === 0 || rest.rate === null) {
    paragraphs.push(['Every outcome meets them, so there is no rest to compare with.']);
    return paragraphs;
  }
  const compared = isCompared(pattern);
  paragraphs.push(
    compared
      ? [...againstRest(pattern, rate, rest.rate), ...(hasEvidence(pattern) ? [] : overlap(pattern))]
      : [
          `For everyone else it was `,
          figure(`${count(rest.successes)} of ${count(rest.n)}`),
          `. With fewer than ${ENOUGH_OF_REST} the two rates are not set against each other.`,
        ],
  );
  // What stands is explained all the same: evidence holds however few there are.
  if (hasEvidence(pattern) && (compared || pattern.status !== 'collecting'))
    paragraphs.push(sameTime(pattern), ...evidence(pattern), change(pattern));
  if (n < ENOUGH) {
    paragraphs.push([`${count(n)} outcomes are few: expect these figures to move.`]);
  }
  return paragraphs.filter((pieces) => pieces.length > 0);
}

const hasEvidence = (pattern: PatternView) => pattern.confidence !== null;

function againstRest(pattern: PatternView, rate: number, restRate: number): Piece[] {
  const difference = rate - restRate;
  const start: Piece[] = [
    `For everyone else it was `,
    figure(percent(restRate)),
    ` of ${count(pattern.rest.n)}`,
  ];
  if (Math.abs(difference) < 0.0005) return [...start, ': no difference to speak of.'];
  const times = pattern.lift === null ? [] : [', ', figure(lift(pattern.lift)), ' the rest’s rate'];
  return [...start, `. That is `, figure(points(difference)), ...times, '.'];
}

/** The comparison that decides: with outcomes of the same time, or period by period. */
function sameTime(pattern: PatternView): Piece[] {
  if (pattern.period) {
    return [
      epochCause(pattern) === 'mode'
        ? `At ${position(pattern.epoch?.startedAt ?? 0)} one of its attributes was declared as bound to time`
        : 'One of its attributes is bound to time',
      ', so this period is compared with the others. ',
      pattern.comparable === false
        ? 'Those are too few or differ among themselves, or this one changed within itself, so nothing is concluded from it.'
        : pattern.comparable === null
          ? 'It counts only while those agree among themselves and this one within itself. That has not been asked yet, so nothing is concluded from it so far.'
          : 'It counts only while those agree among themselves and this one within itself.',
    ];
  }
  if (pattern.comparable === false) {
    return ['Almost nothing else happened at the same time, so there is little to compare it with.'];
  }
  const { oddsRatio } = pattern;
  if (oddsRatio === null) return [];
  const words = boundsWords(oddsRatio);
  return [
    ...timing(pattern),
    'Compared only with outcomes of ',
    figure('the same time'),
    pattern.epoch?.startedAt ? ` since ${position(pattern.epoch.startedAt)}, ` : ', ',
    ...words,
    ...(pattern.concurrency !== null && pattern.concurrency < EVENLY_MIXED
      ? [' Few outcomes of the rest were of the same time, so this rests on a part of them.']
      : []),
  ];
}

/** That and how far the plain rates owe their distance to time. */
function timing(pattern: PatternView): Piece[] {
  const { rate, rest, oddsRatio } = pattern;
  const since = pattern.epoch?.startedAt ?? 0;
  if (disagrees(pattern)) {
    return [
      since > 0
        ? `Counted over all time, what came before ${position(since)} included, it looks the other way round. `
        : 'Counted over all time it looks the other way round: it came at other times than the rest. ',
    ];
  }
  // Rates of all time and odds since then are of different outcomes.
  if (since > 0) return [];
  const estimate = oddsRatio?.estimate ?? null;
  if (estimate === null || rate === null || rest.rate === null) return [];
  if (rate <= 0 || rate >= 1 || rest.rate <= 0 || rest.rate >= 1) return [];
  const plain = rate / (1 - rate) / (rest.rate / (1 - rest.rate));
  if (plain > estimate * NOTABLY && plain > 1) {
    return ['Part of that gap is timing: it came more often in better times. '];
  }
  if (plain < estimate / NOTABLY && plain < 1) {
    return ['Part of that gap is timing: it came more often in worse times. '];
  }
  return [];
}

function boundsWords(oddsRatio: NonNullable<PatternView['oddsRatio']>): Piece[] {
  const { low, high, estimate } = oddsRatio;
  const known = low !== null && low > 0 ? low : null;
  if (known === null && high === null) return ['the odds cannot be told yet.'];
  if (estimate !== undefined && estimate !== null) {
    const bound =
      estimate >= 1 && known !== null
        ? `at least ${odds(known)}`
        : high !== null
          ? `at most ${odds(high)}`
          : `at least ${odds(known)}`;
    return ['the odds are ', figure(odds(estimate)), ` the rest’s, and ${bound}.`];
  }
  const range = oddsInterval(oddsRatio);
  return ['the odds are ', figure(range.replace('–', ' to ')), ' the rest’s, whenever one looks.'];
}

function evidence(pattern: PatternView): Piece[][] {
  const value = confidenceShown(pattern) ?? 0;
  const level: Piece[] = ['Confidence is ', figure(confidenceText(value)), promise(pattern, value)];
  const held = pattern.recounting
    ? ['A correction touched it. Until what was taken out has left its evidence, its status stays as it is.']
    : [];
  return [[...level, ...standing(pattern)], held];
}

/** What a confidence of this height promises. */
function promise(pattern: PatternView, value: number): string {
  const chance = chanceOfEver(value);
  if (chance === 'any number') return ': chance alone brings as much.';
  const side = sideShown(pattern);
  if (!isGuaranteed(pattern)) {
    return `, that it is ${side} than the other periods. That would say something only if their rate stayed the same.`;
  }
  const than = pattern.period ? 'the other periods, and their rate stayed the same' : 'the rest';
  return `. If this pattern were no ${side} than ${than}, a confidence this high would ever appear in ${chance} such patterns, however often anybody looks.`;
}

/** Who has moved where its evidence began anew, in the counts before and since; nothing where those are not known. */
function change({ n, successes, rest, changed }: PatternView): Piece[] {
  const before = changed?.before ?? null;
  if (changed === null || before === null || before.n === 0 || before.rest.n === 0) return [];
  const since = { n: n - before.n, successes: successes - before.successes };
  const restSince = { n: rest.n - before.rest.n, successes: rest.successes - before.rest.successes };
  if (since.n < ENOUGH_TO_COMPARE || restSince.n < ENOUGH_TO_COMPARE) return [];
  const own = [figure(share(before)), ', since then ', figure(share(since))];
  const others = [figure(share(before.rest)), ', since then ', figure(share(restSince))];
  const where = `Up to ${position(changed.at)} `;
  switch (changed.moved ?? null) {
    case 'pattern':
      return [`It is the pattern that moved. ${where}it converted `, ...own, '. The rest: ', ...others, '.'];
    case 'rest':
      return [`It is the rest that moved. ${where}it converted `, ...others, '. The pattern: ', ...own, '.'];
    case 'both':
      return [`Both moved. ${where}the pattern converted `, ...own, '. The rest: ', ...others, '.'];
    case null:
      return [
        `${where}the pattern converted `,
        ...own,
        '. The rest: ',
        ...others,
        '. Which of the two moved, these counts do not tell.',
      ];
  }
}

const share = ({ n, successes }: { n: number; successes: number }) =>
  n < MIN_CASES_FOR_RATE ? `${successes} of ${n}` : `${percent(successes / n)} of ${count(n)}`;

function standing(pattern: PatternView): string[] {
  const since = pattern.epoch?.startedAt
    ? ` Its evidence counts from ${position(pattern.epoch.startedAt)} on.`
    : '';
  switch (pattern.status) {
    case 'confirmed':
      return [
        ` It is confirmed, with everything that was searched taken into account: of all that is ever called confirmed here, at most ${FALSE_OF_100} in 100 are expected to be wrong.${since}`,
      ];
    case 'emerging':
      return [
        ` It is emerging. That does not take into account how many patterns were searched; some of many emerge by chance.${since}`,
      ];
    case 'weakening':
      return [
        // Only a change takes the confirmation away and leaves the pattern weakening.
        pattern.changed !== null && pattern.confirmedAt === null
          ? ` It was confirmed; at ${position(pattern.changed.at)} ${changeSubject(pattern)} changed, and the evidence begins anew.`
          : isGuaranteed(pattern)
            ? ` It was confirmed, and its evidence has fallen since.${since}`
            : ` It was confirmed, and the periods do not agree any more: the others among themselves, or this one within itself.${since}`,
      ];
    case 'retired':
      return [' It is retired: counted, and no longer called emerging or confirmed.'];
    default:
      return [since];
  }
}

/** What the comparison does not show; null without a comparison. */
export function caution(pattern: PatternView): string | null {
  const { wilson, rest, direction } = pattern;
  if (!rest.wilson || !isCompared(pattern)) return null;
  const cause = 'It does not show that the conditions bring it about: other things may differ too.';
  const none = 'This does not show that the conditions make a difference.';
  if (hasEvidence(pattern)) {
    if (direction === null) return none;
    return `It goes with ${direction === 'better' ? 'conversion' : 'fewer conversions'}. ${cause}`;
  }
  if (wilson.low > rest.wilson.high) return `It goes with conversion. ${cause}`;
  if (wilson.high < rest.wilson.low) return `It goes with fewer conversions. ${cause}`;
  return none;
}

function overlap({ wilson, rest }: PatternView): Piece[] {
  if (!rest.wilson) return [];
  const apart = wilson.low > rest.wilson.high || wilson.high < rest.wilson.low;
  return [
    apart
      ? ' The two intervals do not overlap.'
      : ' The two intervals overlap, so the difference may be chance.',
  ];
}
