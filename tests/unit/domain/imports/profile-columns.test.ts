import { describe, expect, it } from 'vitest';
import { profileColumns } from '#domain/imports/profile-columns.ts';
import { zoneClock } from '#domain/time/zoned-time.ts';

function timeFormats(...texts: string[]) {
  const profiler = profileColumns(['when'], zoneClock('UTC'));
  for (const text of texts) profiler.add([text]);
  return profiler.finish()[0]?.timeFormats;
}

describe('how the times of a column may be written', () => {
  it('names every format that fits, and only those', () => {
    expect(timeFormats('03/04/2024', '05/06/2024')).toEqual(['dmy-slash', 'mdy-slash']);
    expect(timeFormats('03/04/2024', '25/06/2024')).toEqual(['dmy-slash']);
    expect(timeFormats('2024-01-01', 'soon')).toEqual([]);
    expect(timeFormats()).toEqual([]);
  });
});
