import type { SettingEntry } from './setting-entry.ts';
import type { SpaceDraft } from './space-draft.ts';

/** Whether a setting gives entries that are already encoded another meaning, so that only a refold helps. */
export function changesThePast(space: SpaceDraft, entry: SettingEntry): boolean {
  switch (entry.kind) {
    case 'attribute.choose': {
      if (space.position === 0) return false;
      const chosen = space.chosen();
      const wanted = entry.payload.attributes;
      return chosen === null || chosen.length !== wanted.length || chosen.some((key, i) => key !== wanted[i]);
    }
    case 'attribute.bins':
    case 'attribute.bands': {
      const bins = space.binsOf(entry.payload.attribute);
      if (bins === null) return entry.effectiveAfter < space.position;
      const labels = entry.kind === 'attribute.bands' ? (entry.payload.labels ?? null) : null;
      return !sameList(bins.edges, entry.payload.edges) || !sameList(bins.labels ?? [], labels ?? []);
    }
    case 'attribute.cut':
      return space.binsOf(entry.payload.attribute) === null && entry.effectiveAfter < space.position;
    default:
      return false;
  }
}

function sameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
