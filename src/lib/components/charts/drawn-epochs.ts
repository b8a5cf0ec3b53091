import type { PatternTrajectory } from '#lib/contracts/pattern-insight.ts';
import { position as positionText } from '#lib/format/count.ts';

export type EvidencePoint = Pick<
  PatternTrajectory['points'][number],
  'position' | 'n' | 'logEPlus' | 'logEMinus'
>;

/** Evidence that belongs together, and the side that it is about. */
export interface DrawnEpoch {
  /** Position after which it begins. */
  startedAt: number;
  side: 'better' | 'worse';
  /** It has passed a line: only then it has colour. */
  stands: boolean;
  points: readonly EvidencePoint[];
}

/** What a drawing of several epochs is of, in words; null where all of it is of one. */
export function epochsWords(drawn: readonly Pick<DrawnEpoch, 'startedAt' | 'side'>[]): string | null {
  const last = drawn.at(-1);
  if (last === undefined || drawn.length < 2) return null;
  const places = drawn.slice(1).map(({ startedAt }) => positionText(startedAt));
  const anew = `Its evidence began anew at ${listed(places)}.`;
  if (drawn.every(({ side }) => side === last.side)) return anew;
  const stretches = drawn.slice(0, -1).map(({ side }, i) => `up to ${places[i] ?? ''} that it does ${side}`);
  return `Confidence ${stretches.join(', ')}, since then that it does ${last.side}. ${anew}`;
}

function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}
