/** Words at one end of a plot, over or under the line that they name. */
export interface LineWord {
  /** Percent from the bottom. */
  at: number;
  words: string;
  end: 'left' | 'right';
  under: boolean;
}

/** A mark with its name where it is `labelled`: over it and to its right, or `before` it; `under`: below it instead. */
export interface NamedMark {
  /** Percent of the plot, from the left and from the bottom. */
  x: number;
  y: number;
  name: string;
  labelled: boolean;
  before: boolean;
  under: boolean;
}

interface Box {
  left: number;
  right: number;
  bottom: number;
  top: number;
}

/** The narrowest plot that names its marks: what is clear of each other there is so in wider ones. */
const WIDTH_PX = 470;
const CHARACTER_PX = 6.2;
const LINE_PX = 16;
const MARK_PX = 13;
const SPOTS = [
  { end: 'left', under: false },
  { end: 'left', under: true },
  { end: 'right', under: false },
  { end: 'right', under: true },
] as const;

/**
 * Where the words of lines stand so that they run over no mark, no mark's name and not over each other: at the first free end,
 * the left one before the right one, over the line before under it. Where none is free, at the first. `only`: the end at
 * which the line is drawn, where it is not along the whole plot.
 */
export function placeLineWords(
  lines: readonly { at: number; words: string; only?: LineWord['end'] }[],
  marks: readonly NamedMark[],
  heightPx: number,
): LineWord[] {
  const taken = marks.flatMap((mark) => [
    boxOfMark(mark, heightPx),
    ...(mark.labelled ? [boxOfName(mark, heightPx)] : []),
  ]);
  return lines.map(({ only, ...line }) => {
    const spots = SPOTS.filter(({ end }) => only === undefined || end === only).map((spot) => ({
      ...line,
      ...spot,
    }));
    const word = spots.find((spot) => {
      const box = boxOfWord(spot, heightPx);
      return box.bottom >= 0 && !taken.some((other) => meet(box, other));
    }) ?? { ...line, ...SPOTS[0], ...(only === undefined ? {} : { end: only }) };
    taken.push(boxOfWord(word, heightPx));
    return word;
  });
}

function boxOfWord({ at, words, end, under }: LineWord, heightPx: number): Box {
  const width = words.length * CHARACTER_PX + 6;
  const line = (at / 100) * heightPx;
  const bottom = under ? line - LINE_PX : line + 1;
  const left = end === 'left' ? 0 : WIDTH_PX - width;
  return { left, right: left + width, bottom, top: bottom + LINE_PX };
}

function boxOfMark({ x, y }: NamedMark, heightPx: number): Box {
  const left = (x / 100) * WIDTH_PX - MARK_PX / 2;
  const bottom = (y / 100) * heightPx - MARK_PX / 2;
  return { left, right: left + MARK_PX, bottom, top: bottom + MARK_PX };
}

function boxOfName({ x, y, name, before, under }: NamedMark, heightPx: number): Box {
  const width = name.length * CHARACTER_PX + 6;
  const at = (x / 100) * WIDTH_PX;
  const left = before ? at - width : at;
  const bottom = (y / 100) * heightPx + (under ? -1.3 * LINE_PX : 6);
  return { left, right: left + width, bottom, top: bottom + LINE_PX };
}

const meet = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.bottom < b.top && b.bottom < a.top;
