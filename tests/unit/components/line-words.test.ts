import { describe, expect, it } from 'vitest';
import { placeLineWords } from '#lib/components/charts/line-words.ts';

const HEIGHT_PX = 200;
const name = (x: number, y: number, before = x > 14, labelled = true) => ({
  x,
  y,
  name: 'Emerging',
  labelled,
  before,
  under: false,
});
const spot = (names: Parameters<typeof placeLineWords>[1], at = 25) =>
  placeLineWords([{ at, words: 'emerging line' }], names, HEIGHT_PX).map(
    ({ end, under }) => `${end} ${under ? 'under' : 'over'}`,
  );

describe('placeLineWords', () => {
  it('stands over the left end where no name is in the way', () => {
    expect(spot([])).toEqual(['left over']);
    expect(spot([name(60, 25)])).toEqual(['left over']);
    expect(spot([name(16, 60)])).toEqual(['left over']);
    expect(spot([name(20, 25, true, false)])).toEqual(['left over']);
  });

  it('goes under its line, or to the other end, where a name would run over it', () => {
    expect(spot([name(20, 25)])).toEqual(['left under']);
    expect(spot([name(8, 30, true, false)])).toEqual(['left under']);
    expect(spot([name(20, 25), name(10, 17, false)])).toEqual(['right over']);
  });

  it('does not leave the plot, and keeps words of two lines apart', () => {
    expect(spot([name(10, 4)], 4)).toEqual(['right over']);
    const lines = [
      { at: 25, words: 'emerging line' },
      { at: 30, words: 'needed for confirmed' },
    ];
    const placed = placeLineWords(lines, [], HEIGHT_PX);
    expect(placed.map(({ end }) => end)).toEqual(['left', 'right']);
  });
});
