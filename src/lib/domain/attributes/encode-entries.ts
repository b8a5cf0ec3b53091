import type { LogFacts } from '../outcomes/log-facts.ts';
import { RESULTS } from '../outcomes/results.ts';
import { toFixedPoint } from '../outcomes/fixed-point.ts';
import type { AttributeSpace } from './attribute-space.ts';
import type { EncodedBatch } from './encoded-batch.ts';
import type { OwnDecision, SettingEntry } from './setting-entry.ts';
import { changesThePast } from './changes-the-past.ts';
import { SpaceDraft } from './space-draft.ts';

export type Encoding =
  | {
      readonly kind: 'encoded';
      /** The space after the batch; to be dropped when its commit fails. */
      readonly space: AttributeSpace;
      readonly batch: EncodedBatch;
      /** Settings that the encoder decided itself, to be stored in the batch's transaction, in this order. */
      readonly decisions: readonly (OwnDecision & { readonly effectiveAfter: number })[];
    }
  /** A setting changes what earlier entries mean: store it and refold from createAttributeSpace(all). */
  | { readonly kind: 'refold'; readonly because: SettingEntry };

/**
 * Turns log entries into columns of codes, and says what the space is afterwards.
 *
 * `newSettings` are the entries that the space has not been given yet, in any order; a refold has given
 * them all to createAttributeSpace and passes none. Cost: about 2 µs an entry with 16 attributes.
 */
export function encodeEntries(
  space: AttributeSpace,
  entries: readonly LogFacts[],
  newSettings: readonly SettingEntry[],
): Encoding {
  const settings = [...newSettings].sort(
    (a, b) => a.effectiveAfter - b.effectiveAfter || a.ordinal - b.ordinal,
  );
  const count = entries.length;
  const draft = new SpaceDraft(space, count);
  for (const entry of settings) {
    if (changesThePast(draft, entry)) return { kind: 'refold', because: entry };
    draft.plan(entry);
  }

  const { codes, signs } = draft.rows;
  const results = new Uint8Array(count);
  const values = new Float64Array(count).fill(NaN);
  const days = new Int32Array(count);
  const retracts = new Float64Array(count);
  let hasValues = false;

  draft.settle(space.position);
  entries.forEach((entry, row) => {
    const position = space.position + row + 1;
    if (entry.position !== position) {
      throw new RangeError(
        `encodeEntries requires gap-free positions: ${entry.position} where ${position} is due`,
      );
    }
    signs[row] = entry.kind === 'add' ? 1 : -1;
    results[row] = RESULTS.indexOf(entry.result);
    days[row] = entry.localDay;
    retracts[row] = entry.retracts ?? 0;
    if (entry.value !== null) {
      values[row] = toFixedPoint(entry.value);
      hasValues = true;
    }
    draft.encode(entry, row);
    draft.settle(position);
  });

  const batch = {
    firstPosition: space.position + 1,
    count,
    codes,
    signs,
    results,
    values,
    hasValues,
    days,
    retracts,
    acts: draft.acts,
  };
  return {
    kind: 'encoded',
    space: draft.finish(space.position + count),
    batch,
    decisions: draft.decisions,
  };
}
