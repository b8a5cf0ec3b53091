import type { Mode } from './attribute-space.ts';
import type {
  ChoiceDecision,
  ClipDecision,
  ModeDecision,
  SettingEntry,
  SwapDecision,
} from './setting-entry.ts';
import { requireClip } from './value-clip.ts';

/** Among the settings of one position, what the encoder found itself comes first. */
export const OWN_ORDINAL = -1;

export interface PlannedBinning {
  readonly attribute: string;
  /** Cut after this position. */
  readonly at: number;
  /** Bins that followed a "cut now" have that one's. */
  readonly ordinal: number;
  /** Null: quintiles of what has been seen by then. */
  readonly edges: readonly number[] | null;
  readonly labels: readonly string[] | null;
  /** Null: decided at the cut. */
  readonly whole: boolean | null;
}

/** A setting that only has an effect from its position on. */
export type WaitingSetting = (ModeDecision | ClipDecision | ChoiceDecision | SwapDecision) & {
  readonly effectiveAfter: number;
  readonly ordinal: number;
};

/** A mode declared before anybody had the attribute. */
export interface AwaitedMode {
  readonly attribute: string;
  readonly mode: Mode;
}

/** What the encoder found and the leader stored; found again, it is no news. */
export interface StoredFinding {
  readonly kind: 'attribute.mode' | 'values.clip';
  /** Null for the clip. */
  readonly attribute: string | null;
  readonly at: number;
}

export interface SettingPlan {
  /** The attributes to search; null: the first 16 seen. */
  readonly chosen: readonly string[] | null;
  readonly binning: readonly PlannedBinning[];
  /** By position, then ordinal. */
  readonly waiting: readonly WaitingSetting[];
  readonly awaitedModes: readonly AwaitedMode[];
  readonly findings: readonly StoredFinding[];
}

/**
 * What a set of setting entries asks for.
 *
 * For one attribute the last edges win and hold from the first cut. A "cut now" whose result has been
 * stored as bins is left out: the stored bins say both where and how.
 */
export function planSettings(settings: readonly SettingEntry[]): SettingPlan {
  const ordered = [...settings].sort((a, b) => a.effectiveAfter - b.effectiveAfter || a.ordinal - b.ordinal);
  const decided = new Set<string>();
  for (const entry of ordered) {
    if (entry.kind === 'attribute.bins' || entry.kind === 'attribute.bands')
      decided.add(entry.payload.attribute);
  }
  let chosen: readonly string[] | null = null;
  const binning = new Map<string, PlannedBinning>();
  /** Cuts left out for the bins they led to, which take their place among the settings of that position. */
  const cuts = new Map<string, { readonly at: number; readonly ordinal: number }>();
  for (const entry of ordered) {
    if (entry.kind === 'attribute.choose') {
      chosen = entry.payload.attributes;
      continue;
    }
    if (entry.kind === 'attribute.cut' && decided.has(entry.payload.attribute)) {
      const { attribute } = entry.payload;
      if (!cuts.has(attribute)) cuts.set(attribute, { at: entry.effectiveAfter, ordinal: entry.ordinal });
      continue;
    }
    const planned = plannedBinning(entry);
    if (planned === null) continue;
    const cut = cuts.get(planned.attribute);
    const earlier = binning.get(planned.attribute) ?? (cut?.at === planned.at ? cut : undefined);
    binning.set(
      planned.attribute,
      earlier === undefined ? planned : { ...planned, at: earlier.at, ordinal: earlier.ordinal },
    );
  }
  return {
    chosen,
    binning: [...binning.values()],
    waiting: ordered.filter(isWaiting),
    awaitedModes: [],
    findings: ordered.map(findingOf).filter((finding) => finding !== null),
  };
}

/**
 * Whether a setting waits for its position and does nothing before.
 * @throws RangeError for a clip without an inside
 */
export function isWaiting(entry: SettingEntry): entry is WaitingSetting {
  switch (entry.kind) {
    case 'attribute.mode':
      return findingOf(entry) === null;
    case 'values.clip':
      requireClip(entry.payload.low, entry.payload.high);
      return findingOf(entry) === null;
    case 'pattern.pin':
    case 'pattern.unpin':
    case 'pattern.retire':
    case 'pattern.resume':
    case 'evidence.swap':
      return true;
    default:
      return false;
  }
}

/** A mode or a clip that the encoder found, told by what it rests on; null for all else. */
export function findingOf(entry: SettingEntry): StoredFinding | null {
  const { kind, effectiveAfter: at } = entry;
  if (kind === 'attribute.mode' && entry.payload.switchShare !== undefined) {
    return { kind, attribute: entry.payload.attribute, at };
  }
  if (kind === 'values.clip' && entry.payload.values !== undefined) return { kind, attribute: null, at };
  return null;
}

/** What one entry plans for its attribute; null for a kind that is not about bins. */
export function plannedBinning(entry: SettingEntry): PlannedBinning | null {
  const at = entry.effectiveAfter;
  const { ordinal } = entry;
  switch (entry.kind) {
    case 'attribute.bins': {
      const { attribute, edges, whole } = entry.payload;
      return { attribute, at, ordinal, edges, labels: null, whole };
    }
    case 'attribute.bands': {
      const { attribute, edges, labels } = entry.payload;
      requireBands(edges, labels);
      return { attribute, at, ordinal, edges, labels: labels ?? null, whole: null };
    }
    case 'attribute.cut':
      return { attribute: entry.payload.attribute, at, ordinal, edges: null, labels: null, whole: null };
    default:
      return null;
  }
}

function requireBands(edges: readonly number[], labels: readonly string[] | undefined): void {
  const ascending = edges.every(
    (edge, i) => Number.isFinite(edge) && (i === 0 || edge > (edges[i - 1] ?? edge)),
  );
  if (edges.length === 0 || edges.length > 63 || !ascending) {
    throw new RangeError('attribute.bands requires 1 to 63 ascending finite edges');
  }
  if (labels !== undefined && labels.length !== edges.length + 1) {
    throw new RangeError('attribute.bands requires one label for each band, one more than edges');
  }
}
