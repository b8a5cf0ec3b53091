import type { PatternView } from '#lib/contracts/pattern.ts';
import { count } from '#lib/format/count.ts';
import { interval, percent } from '#lib/format/percent.ts';
import { lift, points } from '#lib/format/ratio.ts';

/** A piece of a sentence; figures stand out. */
export type Piece = string | { figure: string };

const figure = (text: string): Piece => ({ figure: text });
const ENOUGH = 20;
const ENOUGH_TO_COMPARE = 5;

/** What a pattern's figures say, in plain words and with those figures. One entry a sentence or paragraph. */
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
  paragraphs.push([...againstRest(pattern, rate, rest.rate), ...overlap(pattern)]);
  if (n < ENOUGH) {
    paragraphs.push([`${count(n)} outcomes are few: expect these figures to move.`]);
  }
  return paragraphs;
}

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

/** What the comparison does not show; null without a comparison. */
export function caution({ n, wilson, rest }: PatternView): string | null {
  if (rest.n === 0 || !rest.wilson || n < ENOUGH_TO_COMPARE) return null;
  const cause = 'It does not show that the conditions bring it about: other things may differ too.';
  if (wilson.low > rest.wilson.high) return `It goes with conversion. ${cause}`;
  if (wilson.high < rest.wilson.low) return `It goes with fewer conversions. ${cause}`;
  return 'This does not show that the conditions make a difference.';
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
