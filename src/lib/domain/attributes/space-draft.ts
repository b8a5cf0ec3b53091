import type { AttributeValue, LogFacts } from '../outcomes/log-facts.ts';
import type {
  AttributeSpace,
  AttributeType,
  CategoryAttribute,
  NumberAttribute,
  PendingValues,
  SearchedAttribute,
  StoredAttribute,
} from './attribute-space.ts';
import { binCode } from './bin-code.ts';
import { binEdges } from './bin-edges.ts';
import type { Bins } from './bins.ts';
import {
  DICTIONARY_LIMIT,
  FALSE_CODE,
  MISSING_CODE,
  OTHER_CODE,
  SLOTS,
  TRUE_CODE,
  VALUES_BEFORE_CUT,
} from './codes.ts';
import type { EncodedCut } from './encoded-batch.ts';
import type { BinsDecision, SettingEntry } from './setting-entry.ts';
import { type PlannedBinning, plannedBinning } from './setting-plan.ts';

const STORED_LIMIT = 1_000;
const NO_PENDING: PendingValues = { positions: [], values: [], retracts: [], adds: 0 };

/** A category whose dictionary may grow in this batch; the map is built at its first use. */
interface CategoryDraft {
  readonly type: 'string';
  readonly slot: number;
  readonly from: CategoryAttribute;
  values: string[] | null;
  other: boolean;
  codes: Map<string, number> | null;
}

interface BooleanDraft {
  readonly type: 'boolean';
  readonly slot: number;
  readonly from: SearchedAttribute;
}

interface NumberDraft {
  readonly type: 'number';
  readonly slot: number;
  readonly from: NumberAttribute;
  bins: Bins | null;
  /** Null until this batch adds something. */
  pending: { positions: number[]; values: number[]; retracts: boolean[]; adds: number } | null;
}

type Draft = CategoryDraft | BooleanDraft | NumberDraft;

/** The working copy of an attribute space during one batch; the space it came from stays as it was. */
export class SpaceDraft {
  readonly position: number;
  private readonly drafts: Draft[];
  private readonly byKey = new Map<string, Draft | null>();
  private readonly storedBefore: readonly StoredAttribute[];
  private readonly storedNew: StoredAttribute[] = [];
  private chosenKeys: readonly string[] | null;
  private binning: readonly PlannedBinning[];
  /** A pending attribute has just seen its last value, or a planned cut may be due. */
  private maybeDue: boolean;

  constructor(space: AttributeSpace) {
    this.position = space.position;
    this.drafts = space.searched.map((attribute, slot) => draftOf(attribute, slot));
    for (const draft of this.drafts) {
      this.byKey.set(draft.from.key, draft);
    }
    this.storedBefore = space.stored;
    for (const stored of space.stored) this.byKey.set(stored.key, null);
    this.chosenKeys = space.plan.chosen;
    this.binning = space.plan.binning;
    this.maybeDue = this.binning.length > 0;
  }

  chosen(): readonly string[] | null {
    return this.chosenKeys;
  }

  /** The bins of a searched number attribute that has been cut, else null. */
  binsOf(key: string): Bins | null {
    const draft = this.byKey.get(key);
    return draft?.type === 'number' ? draft.bins : null;
  }

  /** Takes a setting that does not change the past. */
  plan(entry: SettingEntry): void {
    if (entry.kind === 'attribute.choose') {
      this.chosenKeys = entry.payload.attributes;
      return;
    }
    const planned = plannedBinning(entry);
    if (planned === null || this.binsOf(planned.attribute) !== null) return;
    const earlier = this.binning.find((one) => one.attribute === planned.attribute);
    if (earlier !== undefined && planned.edges === null) return;
    // Bins that follow a cut which still waits say how it ends; the first position stays.
    const merged = earlier?.edges ? { ...planned, at: earlier.at, ordinal: earlier.ordinal } : planned;
    this.binning = [...this.binning.filter((one) => one !== earlier), merged];
    this.maybeDue = true;
  }

  /** Writes the 16 codes of an entry at `offset`, which is all zero before. */
  encode(entry: LogFacts, codes: Uint8Array, offset: number): void {
    let unknown: string[] | null = null;
    for (const key of Object.keys(entry.attributes)) {
      const draft = this.byKey.get(key);
      if (draft === undefined) (unknown ??= []).push(key);
      else if (draft !== null) codes[offset + draft.slot] = this.codeOf(draft, entry.attributes[key], entry);
    }
    if (unknown === null) return;
    // Among the keys of one entry the name decides who comes first.
    for (const key of unknown.sort(byCodeUnit)) {
      const value = entry.attributes[key];
      if (isMissing(value)) continue;
      const draft = this.admit(key, typeof value as AttributeType, entry.position);
      if (draft !== null) codes[offset + draft.slot] = this.codeOf(draft, value, entry);
    }
  }

  /** Cuts the attributes that are due after a position: 500 values seen, or a setting says so. */
  cutWhatIsDue(
    position: number,
    cuts: EncodedCut[],
    decisions: (BinsDecision & { readonly effectiveAfter: number })[],
  ): void {
    if (!this.maybeDue) return;
    const due: { readonly draft: NumberDraft; readonly planned: PlannedBinning | null }[] = [];
    for (const draft of this.drafts) {
      if (draft.type !== 'number' || draft.bins !== null) continue;
      const planned = this.binning.find((one) => one.attribute === draft.from.key) ?? null;
      const adds = (draft.pending ?? draft.from.pending).adds;
      if (adds >= VALUES_BEFORE_CUT || (planned !== null && planned.at <= position))
        due.push({ draft, planned });
    }
    // Stored order where there is one, so that a refold cuts in the order of the live run.
    due.sort(
      (a, b) => (a.planned?.ordinal ?? -1) - (b.planned?.ordinal ?? -1) || a.draft.slot - b.draft.slot,
    );
    for (const { draft, planned } of due) {
      const { edges, decision } = this.cut(draft, planned, position, cuts);
      if (decision && edges !== null) decisions.push({ ...decision, effectiveAfter: position });
    }
    this.binning = this.binning.filter((one) => {
      const known = this.byKey.get(one.attribute);
      if (known?.type === 'number') return known.bins === null && one.at > position;
      return one.at > position || one.edges !== null;
    });
    this.maybeDue = this.binning.length > 0;
  }

  finish(position: number): AttributeSpace {
    return {
      version: 1,
      position,
      searched: this.drafts.map(finishDraft),
      stored: this.storedNew.length === 0 ? this.storedBefore : [...this.storedBefore, ...this.storedNew],
      plan: { chosen: this.chosenKeys, binning: this.binning },
    };
  }

  private admit(key: string, type: AttributeType, position: number): Draft | null {
    const searched =
      this.drafts.length < SLOTS && (this.chosenKeys === null || this.chosenKeys.includes(key));
    if (!searched) {
      if (this.storedBefore.length + this.storedNew.length < STORED_LIMIT) {
        this.storedNew.push({ key, type, firstPosition: position });
        this.byKey.set(key, null);
      }
      return null;
    }
    const slot = this.drafts.length;
    const draft = draftOf(newAttribute(key, type, position), slot);
    if (draft.type === 'number') {
      const planned = this.binning.find((one) => one.attribute === key);
      if (planned?.edges && planned.at < position) {
        draft.bins = binsFrom(planned, planned.edges, position - 1, []);
        this.binning = this.binning.filter((one) => one !== planned);
      }
    }
    this.drafts.push(draft);
    this.byKey.set(key, draft);
    return draft;
  }

  private codeOf(draft: Draft, value: AttributeValue | null | undefined, entry: LogFacts): number {
    switch (draft.type) {
      case 'string':
        return typeof value === 'string' && value !== '' ? categoryCode(draft, value) : MISSING_CODE;
      case 'boolean':
        return typeof value === 'boolean' ? (value ? TRUE_CODE : FALSE_CODE) : MISSING_CODE;
      case 'number': {
        if (typeof value !== 'number' || !Number.isFinite(value)) return MISSING_CODE;
        if (draft.bins !== null) return binCode(draft.bins.edges, value);
        draft.pending ??= copyPending(draft.from.pending);
        draft.pending.positions.push(entry.position);
        draft.pending.values.push(value);
        draft.pending.retracts.push(entry.kind === 'retract');
        if (entry.kind === 'add') draft.pending.adds += 1;
        if (draft.pending.adds >= VALUES_BEFORE_CUT) this.maybeDue = true;
        return MISSING_CODE;
      }
    }
  }

  private cut(
    draft: NumberDraft,
    planned: PlannedBinning | null,
    position: number,
    cuts: EncodedCut[],
  ): { readonly edges: readonly number[] | null; readonly decision: BinsDecision | null } {
    const pending = draft.pending ?? draft.from.pending;
    const seen = pending.values.filter((_, i) => pending.retracts[i] === false);
    // "Cut now" before there is anything to cut: nothing happens.
    if (!planned?.edges && seen.length === 0) return { edges: null, decision: null };
    const edges = planned?.edges ?? binEdges(seen);
    const bins = binsFrom(planned, edges, position, seen);
    draft.bins = bins;
    draft.pending = { positions: [], values: [], retracts: [], adds: 0 };
    cuts.push({
      after: position,
      slot: draft.slot,
      positions: Float64Array.from(pending.positions),
      codes: Uint8Array.from(pending.values, (value) => binCode(edges, value)),
    });
    if (planned?.edges) return { edges, decision: null };
    const payload = { attribute: draft.from.key, edges, whole: bins.whole, values: seen.length };
    return { edges, decision: { kind: 'attribute.bins', payload } };
  }
}

function binsFrom(
  planned: PlannedBinning | null,
  edges: readonly number[],
  cutAt: number,
  seen: readonly number[],
): Bins {
  const integers = (planned?.edges ? edges.every(Number.isInteger) : true) && seen.every(Number.isInteger);
  return { edges, labels: planned?.labels ?? null, whole: planned?.whole ?? integers, cutAt };
}

function categoryCode(draft: CategoryDraft, value: string): number {
  draft.codes ??= new Map(draft.from.values.map((known, i) => [known, i + 1]));
  const known = draft.codes.get(value);
  if (known !== undefined) return known;
  if (draft.codes.size >= DICTIONARY_LIMIT) {
    draft.other = true;
    return OTHER_CODE;
  }
  draft.values ??= [...draft.from.values];
  draft.values.push(value);
  draft.codes.set(value, draft.values.length);
  return draft.values.length;
}

function newAttribute(key: string, type: AttributeType, firstPosition: number): SearchedAttribute {
  switch (type) {
    case 'string':
      return { key, type, firstPosition, values: [], other: false };
    case 'boolean':
      return { key, type, firstPosition };
    case 'number':
      return { key, type, firstPosition, bins: null, pending: NO_PENDING };
  }
}

function draftOf(from: SearchedAttribute, slot: number): Draft {
  switch (from.type) {
    case 'string':
      return { type: 'string', slot, from, values: null, other: from.other, codes: null };
    case 'boolean':
      return { type: 'boolean', slot, from };
    case 'number':
      return { type: 'number', slot, from, bins: from.bins, pending: null };
  }
}

function finishDraft(draft: Draft): SearchedAttribute {
  switch (draft.type) {
    case 'string':
      if (draft.values === null && draft.other === draft.from.other) return draft.from;
      return { ...draft.from, values: draft.values ?? draft.from.values, other: draft.other };
    case 'boolean':
      return draft.from;
    case 'number':
      if (draft.pending === null && draft.bins === draft.from.bins) return draft.from;
      return { ...draft.from, bins: draft.bins, pending: draft.pending ?? draft.from.pending };
  }
}

function copyPending(from: PendingValues): {
  positions: number[];
  values: number[];
  retracts: boolean[];
  adds: number;
} {
  return {
    positions: [...from.positions],
    values: [...from.values],
    retracts: [...from.retracts],
    adds: from.adds,
  };
}

/** Null and "" are missing, and so is a number that is none: they never make an attribute known. */
function isMissing(value: AttributeValue | null | undefined): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  return value === undefined || value === null || value === '';
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
