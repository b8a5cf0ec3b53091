import type { AttributeValue } from '../outcomes/log-facts.ts';
import { isTimeBound } from '../statistics/time-bound-attribute.ts';
import type {
  AttributeMode,
  AttributeType,
  BooleanAttribute,
  CategoryAttribute,
  Mode,
  NumberAttribute,
  PendingValues,
  SearchedAttribute,
} from './attribute-space.ts';
import { binCode } from './bin-code.ts';
import type { Bins } from './bins.ts';
import { DICTIONARY_LIMIT, FALSE_CODE, MISSING_CODE, OTHER_CODE, TRUE_CODE } from './codes.ts';
import { type CodedRows, NO_SWITCHING, shareOf, SwitchTally } from './switching.ts';

const NO_PENDING: PendingValues = { positions: [], values: [], retracts: [], adds: 0 };

interface Drafted {
  readonly slot: number;
  mode: AttributeMode | null;
  /** Null until this batch's codes are counted. */
  tally: SwitchTally | null;
  /** A share that says another mode than it has, just found and not acted upon. */
  found: number | null;
}

/** A category whose dictionary may grow in this batch; the map is built at its first use. */
interface CategoryDraft extends Drafted {
  readonly type: 'string';
  readonly from: CategoryAttribute;
  values: string[] | null;
  other: boolean;
  codes: Map<string, number> | null;
}

interface BooleanDraft extends Drafted {
  readonly type: 'boolean';
  readonly from: BooleanAttribute;
}

export interface NumberDraft extends Drafted {
  readonly type: 'number';
  readonly from: NumberAttribute;
  bins: Bins | null;
  /** Null until this batch adds something. */
  pending: { positions: number[]; values: number[]; retracts: boolean[]; adds: number } | null;
}

/** The working copy of a searched attribute during one batch. */
export type AttributeDraft = CategoryDraft | BooleanDraft | NumberDraft;

export function draftOf(from: SearchedAttribute, slot: number): AttributeDraft {
  const { mode } = from;
  switch (from.type) {
    case 'string':
      return {
        type: 'string',
        slot,
        mode,
        tally: null,
        found: null,
        from,
        values: null,
        other: from.other,
        codes: null,
      };
    case 'boolean':
      return { type: 'boolean', slot, mode, tally: null, found: null, from };
    case 'number':
      return { type: 'number', slot, mode, tally: null, found: null, from, bins: from.bins, pending: null };
  }
}

/** The draft of an attribute that nobody has had before. */
export function newDraft(
  key: string,
  type: AttributeType,
  firstPosition: number,
  slot: number,
): AttributeDraft {
  const from = { key, firstPosition, switching: NO_SWITCHING, mode: null } as const;
  switch (type) {
    case 'string':
      return draftOf({ ...from, type, values: [], other: false }, slot);
    case 'boolean':
      return draftOf({ ...from, type }, slot);
    case 'number':
      return draftOf({ ...from, type, bins: null, pending: NO_PENDING }, slot);
  }
}

/** The attribute after the batch: the very one before it when nothing came. */
export function finishDraft(draft: AttributeDraft): SearchedAttribute {
  const { mode } = draft;
  if (draft.tally === null && mode === draft.from.mode && !grew(draft)) return draft.from;
  const { key, firstPosition } = draft.from;
  const switching = draft.tally?.finish() ?? draft.from.switching;
  switch (draft.type) {
    case 'string': {
      const values = draft.values ?? draft.from.values;
      return { key, firstPosition, switching, mode, type: draft.type, values, other: draft.other };
    }
    case 'boolean':
      return { key, firstPosition, switching, mode, type: draft.type };
    case 'number': {
      const pending = draft.pending ?? draft.from.pending;
      return { key, firstPosition, switching, mode, type: draft.type, bins: draft.bins, pending };
    }
  }
}

function grew(draft: AttributeDraft): boolean {
  switch (draft.type) {
    case 'string':
      return draft.values !== null || draft.other !== draft.from.other;
    case 'boolean':
      return false;
    case 'number':
      return draft.pending !== null || draft.bins !== draft.from.bins;
  }
}

/** The code of a value; of a number without bins, and of a value of another type, the missing one. */
export function codeOf(draft: AttributeDraft, value: AttributeValue | null | undefined): number {
  switch (draft.type) {
    case 'string':
      return typeof value === 'string' && value !== '' ? categoryCode(draft, value) : MISSING_CODE;
    case 'boolean':
      return typeof value === 'boolean' ? (value ? TRUE_CODE : FALSE_CODE) : MISSING_CODE;
    case 'number':
      return draft.bins !== null && isNumber(value) ? binCode(draft.bins.edges, value) : MISSING_CODE;
  }
}

export function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** Keeps a value for the cut; gives the number of adds kept. */
export function keepValue(draft: NumberDraft, value: number, position: number, retract: boolean): number {
  const pending = (draft.pending ??= copyPending(draft.from.pending));
  pending.positions.push(position);
  pending.values.push(value);
  pending.retracts.push(retract);
  if (!retract) pending.adds += 1;
  return pending.adds;
}

/**
 * Counts the column of a slot from row `start` to before `end` for the attribute's switching, and keeps a share that
 * says another mode than it has, unless a person has declared one (FINE-PRINT 23). What came in one long run may mix
 * later, and then it can be compared at the same time after all.
 * @returns how many rows more cannot bring the next look at the share
 */
export function countSwitches(
  draft: AttributeDraft,
  rows: CodedRows,
  slot: number,
  start: number,
  end: number,
): number {
  const tally = (draft.tally ??= new SwitchTally(draft.from.switching));
  for (let row = start; row < end;) {
    const stop = Math.min(end, row + tally.valuesToCheck());
    if (tally.take(rows, slot, row, stop) && draft.mode?.declared !== true && draft.found === null) {
      const share = shareOf(tally.finish());
      if (share !== null && modeFor(share) !== (draft.mode?.mode ?? 'concurrent')) draft.found = share;
    }
    row = stop;
  }
  return tally.valuesToCheck() - 1;
}

/** How an attribute with this share of switches is compared. */
export function modeFor(switchShare: number): Mode {
  return isTimeBound(switchShare) ? 'period' : 'concurrent';
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
