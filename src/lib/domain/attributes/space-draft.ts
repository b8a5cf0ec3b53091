import { toFixedPoint } from '../outcomes/fixed-point.ts';
import type { AttributeValue, LogFacts } from '../outcomes/log-facts.ts';
import {
  type AttributeDraft,
  codeOf,
  countSwitches,
  draftOf,
  finishDraft,
  isNumber,
  keepValue,
  modeFor,
  newDraft,
  type NumberDraft,
} from './attribute-draft.ts';
import { SWITCHING_MINIMUM_VALUES } from '../statistics/time-bound-attribute.ts';
import type { AttributeMode, AttributeSpace, AttributeType, StoredAttribute } from './attribute-space.ts';
import { binCode } from './bin-code.ts';
import { binEdges } from './bin-edges.ts';
import type { Bins } from './bins.ts';
import { ClipDraft } from './clip-draft.ts';
import { MISSING_CODE, SLOTS, VALUES_BEFORE_CUT } from './codes.ts';
import type { EncodedAct } from './encoded-batch.ts';
import { resolveChoice } from './resolve-choice.ts';
import type { OwnDecision, SettingEntry } from './setting-entry.ts';
import {
  type AwaitedMode,
  findingOf,
  isWaiting,
  OWN_ORDINAL,
  type PlannedBinning,
  plannedBinning,
  type StoredFinding,
  type WaitingSetting,
} from './setting-plan.ts';
import type { CodedRows } from './switching.ts';
import type { ValueClip } from './value-clip.ts';

const STORED_LIMIT = 1_000;
const CHOICES = {
  'pattern.pin': 'pin',
  'pattern.unpin': 'unpin',
  'pattern.retire': 'retire',
  'pattern.resume': 'resume',
} as const;

interface DueCut {
  readonly draft: NumberDraft;
  readonly planned: PlannedBinning | null;
  readonly ordinal: number;
}

/**
 * The working copy of an attribute space during one batch; the space it came from stays as it was.
 *
 * For each entry `encode`, then `settle` with its position; before the first `settle` with the space's own.
 */
export class SpaceDraft {
  readonly position: number;
  /** The batch's rows; the caller fills the signs. */
  readonly rows: CodedRows;
  /** What the batch does beside its entries, in the order of effect. */
  readonly acts: EncodedAct[] = [];
  /** What the encoder decided, in the same order, without what is stored already. */
  readonly decisions: (OwnDecision & { readonly effectiveAfter: number })[] = [];
  private readonly drafts: AttributeDraft[];
  private readonly byKey = new Map<string, AttributeDraft | null>();
  /** The keys of the entry before and what they are: most entries have the same ones in the same order. */
  private readonly keysBefore: string[] = [];
  private readonly draftsBefore: (AttributeDraft | null)[] = [];
  private readonly storedBefore: readonly StoredAttribute[];
  private readonly storedNew: StoredAttribute[] = [];
  private readonly clip: ClipDraft;
  private chosenKeys: readonly string[] | null;
  private binning: readonly PlannedBinning[];
  private waiting: readonly WaitingSetting[];
  /** How many of the waiting have had their turn. */
  private done = 0;
  private awaitedModes: readonly AwaitedMode[];
  private findings: readonly StoredFinding[];
  /** Something has just been found, or a planned cut may be due. */
  private maybeDue: boolean;
  /** Rows whose switches have been counted, and up to which row that can wait without missing a finding. */
  private counted = 0;
  private countBy = 0;

  constructor(space: AttributeSpace, count: number) {
    this.position = space.position;
    this.rows = { codes: new Uint8Array(count * SLOTS), width: SLOTS, signs: new Int8Array(count) };
    this.drafts = space.searched.map(draftOf);
    for (const draft of this.drafts) {
      this.byKey.set(draft.from.key, draft);
    }
    this.storedBefore = space.stored;
    for (const stored of space.stored) this.byKey.set(stored.key, null);
    this.clip = new ClipDraft(space.clip, space.valuesBeforeClip);
    this.chosenKeys = space.plan.chosen;
    this.binning = space.plan.binning;
    this.waiting = space.plan.waiting;
    this.awaitedModes = space.plan.awaitedModes;
    this.findings = space.plan.findings;
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
    if (isWaiting(entry)) {
      this.waiting = [...this.waiting, entry].sort(
        (a, b) => a.effectiveAfter - b.effectiveAfter || a.ordinal - b.ordinal,
      );
      return;
    }
    const finding = findingOf(entry);
    if (finding !== null) {
      this.findings = [...this.findings, finding];
      return;
    }
    const planned = plannedBinning(entry);
    if (planned === null || this.binsOf(planned.attribute) !== null) return;
    const earlier = this.binning.find((one) => one.attribute === planned.attribute);
    if (earlier !== undefined && planned.edges === null) return;
    // Bins that follow a cut which still waits say how it ends; the first position stays.
    const takesPlace = earlier !== undefined && (earlier.edges !== null || earlier.at === planned.at);
    const merged = takesPlace ? { ...planned, at: earlier.at, ordinal: earlier.ordinal } : planned;
    this.binning = [...this.binning.filter((one) => one !== earlier), merged];
    this.maybeDue = true;
  }

  /** Writes the codes of an entry into its row. */
  encode(entry: LogFacts, row: number): void {
    const { codes } = this.rows;
    const offset = row * SLOTS;
    let unknown: string[] | null = null;
    const keys = Object.keys(entry.attributes);
    for (let i = 0; i < keys.length; i += 1) {
      const key = keys[i] ?? '';
      const draft = this.keysBefore[i] === key ? this.draftsBefore[i] : this.find(key, i);
      if (draft === undefined) (unknown ??= []).push(key);
      else if (draft !== null) {
        const value = entry.attributes[key];
        const code = codeOf(draft, value);
        if (code !== MISSING_CODE) codes[offset + draft.slot] = code;
        else if (draft.type === 'number') this.keep(draft, value, entry);
      }
    }
    if (entry.value !== null && entry.kind === 'add' && entry.result !== 'neutral') {
      if (this.clip.take(entry.value)) this.maybeDue = true;
    }
    if (unknown === null) return;
    // Among the keys of one entry the name decides who comes first.
    for (const key of unknown.sort(byCodeUnit)) {
      const value = entry.attributes[key];
      if (isMissing(value)) continue;
      const draft = this.admit(key, typeof value as AttributeType, entry.position);
      if (draft === null) continue;
      codes[offset + draft.slot] = codeOf(draft, value);
      if (draft.type === 'number') this.keep(draft, value, entry);
    }
  }

  /**
   * Does what is due after a position. First what the encoder finds itself: cuts at the 500th value, then modes, both
   * by slot, then the clip; after that settings in stored order, as a refold finds them. A mode that a cut's earlier
   * values show follows its cut.
   */
  settle(position: number): void {
    if (position - this.position >= this.countBy) this.countRows(position);
    const next = this.waiting[this.done];
    const comes = next !== undefined && next.effectiveAfter <= position;
    if (!this.maybeDue && !comes) return;
    const cuts = this.maybeDue ? this.dueCuts(position) : [];
    let cut = cuts.shift();
    for (; cut?.ordinal === OWN_ORDINAL; cut = cuts.shift()) this.cut(cut, position);
    for (const draft of this.drafts) this.actOnMode(draft, position);
    this.actOnClip(position);
    for (const setting of this.takeWaiting(position)) {
      for (; cut !== undefined && cut.ordinal < setting.ordinal; cut = cuts.shift()) this.cut(cut, position);
      this.obey(setting, position);
    }
    for (; cut !== undefined; cut = cuts.shift()) this.cut(cut, position);
    this.binning = this.binning.filter((one) => {
      const known = this.byKey.get(one.attribute);
      if (known?.type === 'number') return known.bins === null && one.at > position;
      return one.at > position || one.edges !== null;
    });
    this.maybeDue = this.binning.length > 0;
  }

  finish(position: number): AttributeSpace {
    this.countRows(position);
    const { storedBefore, storedNew, chosenKeys: chosen, binning, done, awaitedModes } = this;
    const waiting = done === 0 ? this.waiting : this.waiting.slice(done);
    const findings = this.findings.filter(({ at }) => at > position);
    return {
      version: 2,
      position,
      searched: this.drafts.map(finishDraft),
      stored: storedNew.length === 0 ? storedBefore : [...storedBefore, ...storedNew],
      ...this.clip.finish(),
      plan: { chosen, binning, waiting, awaitedModes, findings },
    };
  }

  private find(key: string, place: number): AttributeDraft | null | undefined {
    const draft = this.byKey.get(key);
    if (draft !== undefined) {
      this.keysBefore[place] = key;
      this.draftsBefore[place] = draft;
    }
    return draft;
  }

  /** Keeps a number that waits for its bins. */
  private keep(draft: NumberDraft, value: AttributeValue | null | undefined, entry: LogFacts): void {
    if (draft.bins !== null || !isNumber(value)) return;
    const adds = keepValue(draft, value, entry.position, entry.kind === 'retract');
    if (adds >= VALUES_BEFORE_CUT) this.maybeDue = true;
  }

  private admit(key: string, type: AttributeType, position: number): AttributeDraft | null {
    const searched =
      this.drafts.length < SLOTS && (this.chosenKeys === null || this.chosenKeys.includes(key));
    const awaited = this.awaitedModes.find(({ attribute }) => attribute === key);
    if (awaited !== undefined) this.awaitedModes = this.awaitedModes.filter((one) => one !== awaited);
    if (!searched) {
      if (this.storedBefore.length + this.storedNew.length < STORED_LIMIT) {
        this.storedNew.push({ key, type, firstPosition: position });
        this.byKey.set(key, null);
      }
      return null;
    }
    const draft = newDraft(key, type, position, this.drafts.length);
    if (draft.type === 'number') {
      const planned = this.binning.find((one) => one.attribute === key);
      if (planned?.edges && planned.at < position) {
        draft.bins = binsFrom(planned, planned.edges, position - 1, []);
        this.binning = this.binning.filter((one) => one !== planned);
      }
    }
    if (awaited !== undefined) {
      this.setMode(draft, { mode: awaited.mode, declared: true, switchShare: null }, position - 1);
    }
    this.countBy = Math.min(this.countBy, this.counted + SWITCHING_MINIMUM_VALUES);
    this.drafts.push(draft);
    this.byKey.set(key, draft);
    return draft;
  }

  /** The numbers to cut after a position: 500 values seen, or a setting says so. */
  private dueCuts(position: number): DueCut[] {
    const due: DueCut[] = [];
    for (const draft of this.drafts) {
      if (draft.type !== 'number' || draft.bins !== null) continue;
      const planned = this.binning.find((one) => one.attribute === draft.from.key) ?? null;
      const adds = (draft.pending ?? draft.from.pending).adds;
      if (adds >= VALUES_BEFORE_CUT) due.push({ draft, planned, ordinal: OWN_ORDINAL });
      else if (planned !== null && planned.at <= position)
        due.push({ draft, planned, ordinal: planned.ordinal });
    }
    return due.sort((a, b) => a.ordinal - b.ordinal || a.draft.slot - b.draft.slot);
  }

  private cut({ draft, planned }: DueCut, position: number): void {
    const { positions, values, retracts } = draft.pending ?? draft.from.pending;
    const seen = values.filter((_, i) => retracts[i] === false);
    // "Cut now" before there is anything to cut: nothing happens.
    if (!planned?.edges && seen.length === 0) return;
    const edges = planned?.edges ?? binEdges(seen);
    const bins = binsFrom(planned, edges, position, seen);
    draft.bins = bins;
    draft.pending = { positions: [], values: [], retracts: [], adds: 0 };
    const codes = Uint8Array.from(values, (value) => binCode(edges, value));
    this.acts.push({
      kind: 'cut',
      after: position,
      slot: draft.slot,
      positions: Float64Array.from(positions),
      codes,
    });
    if (!planned?.edges) {
      const payload = { attribute: draft.from.key, edges, whole: bins.whole, values: seen.length };
      this.decisions.push({ kind: 'attribute.bins', payload, effectiveAfter: position });
    }
    const signs = Int8Array.from(retracts, (retract) => (retract ? -1 : 1));
    const wait = countSwitches(draft, { codes, width: 1, signs }, 0, 0, codes.length);
    this.countBy = Math.min(this.countBy, position - this.position + wait + 1);
    this.actOnMode(draft, position);
  }

  /** Counts switches up to a position: seldom, in one go for many rows, because that is much faster. */
  private countRows(position: number): void {
    const through = position - this.position;
    this.countBy = Infinity;
    for (const draft of this.drafts) {
      const wait = countSwitches(draft, this.rows, draft.slot, this.counted, through);
      if (draft.found !== null) this.maybeDue = true;
      this.countBy = Math.min(this.countBy, through + wait + 1);
    }
    this.counted = through;
  }

  private actOnMode(draft: AttributeDraft, position: number): void {
    const { found: switchShare } = draft;
    if (switchShare === null) return;
    draft.found = null;
    const mode = modeFor(switchShare);
    this.setMode(draft, { mode, declared: false, switchShare }, position);
    const payload = { attribute: draft.from.key, mode, switchShare };
    this.decide({ kind: 'attribute.mode', payload, effectiveAfter: position });
  }

  private setMode(draft: AttributeDraft, mode: AttributeMode, after: number): void {
    draft.mode = mode;
    const { declared } = mode;
    this.acts.push({ kind: 'mode', after, slot: draft.slot, period: mode.mode === 'period', declared });
  }

  private actOnClip(position: number): void {
    const found = this.clip.find();
    if (found === null) return;
    const { low, high, values } = found;
    this.setClip({ low, high, declared: false }, position);
    this.decide({ kind: 'values.clip', payload: { low, high, values }, effectiveAfter: position });
  }

  private setClip(clip: ValueClip, after: number): void {
    this.clip.set(clip);
    this.acts.push({ kind: 'clip', after, low: toFixedPoint(clip.low), high: toFixedPoint(clip.high) });
  }

  private decide(decision: OwnDecision & { readonly effectiveAfter: number }): void {
    const attribute = 'attribute' in decision.payload ? decision.payload.attribute : null;
    const stored = this.findings.some(
      (one) =>
        one.kind === decision.kind && one.attribute === attribute && one.at === decision.effectiveAfter,
    );
    if (!stored) this.decisions.push(decision);
  }

  private takeWaiting(position: number): readonly WaitingSetting[] {
    const from = this.done;
    while ((this.waiting[this.done]?.effectiveAfter ?? Infinity) <= position) this.done += 1;
    return this.waiting.slice(from, this.done);
  }

  private obey(setting: WaitingSetting, position: number): void {
    switch (setting.kind) {
      case 'attribute.mode': {
        const { attribute, mode } = setting.payload;
        const draft = this.byKey.get(attribute);
        if (draft) this.setMode(draft, { mode, declared: true, switchShare: null }, position);
        else if (draft === undefined) {
          const others = this.awaitedModes.filter((one) => one.attribute !== attribute);
          this.awaitedModes = [...others, { attribute, mode }];
        }
        return;
      }
      case 'values.clip': {
        const { low, high } = setting.payload;
        this.setClip({ low, high, declared: true }, position);
        return;
      }
      case 'evidence.swap': {
        const { through, recount = null } = setting.payload;
        this.acts.push({ kind: 'swap', after: position, through, recount });
        return;
      }
      default: {
        const choice = resolveChoice(this.finish(position), setting.payload);
        if (choice === null) return;
        const kind = CHOICES[setting.kind];
        this.acts.push({ kind, after: position, ...choice });
      }
    }
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

/** Null and "" are missing, and so is a number that is none: they never make an attribute known. */
function isMissing(value: AttributeValue | null | undefined): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  return value === undefined || value === null || value === '';
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
