import { float64At } from '../read-typed-array.ts';
import type { ImageView } from './fold-image.ts';
import { resetJointsAbout } from './joint-places.ts';
import { resetPairsAbout } from './pair-places.ts';

/**
 * Sets the position after which all evidence about a pattern begins; 0: that of the whole log. The pairs and the joint
 * comparisons that are about it begin anew; they read the log since then when they are next asked for. Its own evidence
 * is for the caller to start or to replay.
 */
export function setEpoch(view: ImageView, index: number, position: number): void {
  if (float64At(view.epochAt, index) === position) return;
  view.epochAt[index] = position;
  resetPairsAbout(view, index);
  resetJointsAbout(view, index);
}
