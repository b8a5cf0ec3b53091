import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import { ALERT_RULES } from '../statistics/alert-rules.ts';
import { startChange } from '../statistics/change-columns.ts';
import { detectChange } from '../statistics/detect-change.ts';
import { isEmerging } from '../statistics/emerging.ts';
import { errorBudget } from '../statistics/error-budget.ts';
import type { EvidenceBlock } from '../statistics/evidence-block.ts';
import { startEvidence } from '../statistics/evidence-columns.ts';
import { GRID_SIZE } from '../statistics/evidence-grid.ts';
import { CONFIRMED_MINIMUM_LOG_E, rejectionsNeeded, rejectOnline } from '../statistics/online-e-bh.ts';
import type { Columns } from './columns.ts';
import { CONFIRMED, EMERGING, FLAG, statusOf } from './flags.ts';
import type { EffectKind, FoldEffect } from './fold-effect.ts';
import { HEADER, type ImageView } from './fold-image.ts';
import { setEpoch } from './set-epoch.ts';
import { periodsAgree } from './periods-agree.ts';
import { logEOf, type Side, sideOf } from './standing-side.ts';
import { giveBudget } from './track.ts';
import { startValueEvidence } from './value-evidence.ts';

const SIDES = [1, -1] as const;
const emergingBit = (side: Side) => (side === 1 ? FLAG.emergingBetter : FLAG.emergingWorse);
const confirmedBit = (side: Side) => (side === 1 ? FLAG.confirmedBetter : FLAG.confirmedWorse);

/**
 * The rules of alerts, statuses and epochs (STATISTICS §5, §6; FINE-PRINT 19-22), for one outcome at a time: every
 * pattern whose own block has just closed is judged, and what reached the line is confirmed by online e-BH at the end.
 */
export class Judge {
  readonly #effects: FoldEffect[];
  readonly #columns: Columns;
  readonly #candidates: { index: number; side: Side; logE: number }[] = [];

  constructor(effects: FoldEffect[], columns: Columns) {
    this.#effects = effects;
    this.#columns = columns;
  }

  /** `block`: the one that closed; null in period mode, where there is no odds ratio to watch for change. Evidence of
   * periods counts only while the other periods agree. */
  judge(view: ImageView, index: number, position: number, block: EvidenceBlock | null): void {
    const { evidence } = view;
    const before = byteAt(view.flags, index);
    const better = float64At(evidence.mostLogEPlus, index);
    const worse = float64At(evidence.mostLogEMinus, index);
    if (
      better < CONFIRMED_MINIMUM_LOG_E &&
      worse < CONFIRMED_MINIMUM_LOG_E &&
      (before & (EMERGING | CONFIRMED | FLAG.pinned)) === 0
    ) {
      return;
    }
    const n = int32At(evidence.n, index);
    let flags = before;
    const comparable = block !== null || periodsAgree(view, this.#columns, index, position);
    for (const side of SIDES) {
      const bit = emergingBit(side);
      const emerges = comparable && isEmerging((flags & bit) !== 0, side === 1 ? better : worse, n);
      flags = emerges ? (flags | bit) & ~FLAG.changed : flags & ~bit;
    }
    if (flags !== before) this.setFlags(view, index, position, flags);
    const retired = (flags & FLAG.retired) !== 0;
    if (block !== null && !retired && (flags & (CONFIRMED | FLAG.pinned)) !== 0) {
      const offset = index * GRID_SIZE;
      const subject = { gridLogs: evidence.gridLogs, offset, n };
      const change = detectChange(view.change, index, block, subject);
      if (change !== null) {
        this.#beginEpoch(view, index, position, change);
        return;
      }
    }
    if (retired || !comparable || n < ALERT_RULES.confirmed.minimumOutcomes) return;
    for (const side of SIDES) {
      const logE = side === 1 ? better : worse;
      if (logE >= CONFIRMED_MINIMUM_LOG_E && (flags & confirmedBit(side)) === 0) {
        this.#candidates.push({ index, side, logE });
      }
    }
  }

  /** Confirms what the outcome has made possible; the indexes that are newly confirmed. */
  confirm(view: ImageView, position: number): ReadonlySet<number> | null {
    const candidates = this.#candidates;
    if (candidates.length === 0) return null;
    const before = float64At(view.header, HEADER.rejections);
    if (!candidates.some((one) => mayBeRejected(view, one, before + candidates.length))) {
      candidates.length = 0;
      return null;
    }
    const gammas = candidates.map(({ index }) => budgetOf(view, index) / 2);
    const rejected = rejectOnline(
      Float64Array.from(candidates, ({ logE }) => logE),
      Float64Array.from(gammas),
      before,
    );
    const confirmed = new Set<number>();
    for (const place of rejected) {
      const candidate = candidates[place];
      if (candidate === undefined) continue;
      const { index, side } = candidate;
      const flags = byteAt(view.flags, index);
      if ((flags & (CONFIRMED | FLAG.pinned)) === 0) startChange(view.change, index);
      view.confirmedAt[index] = position;
      this.setFlags(view, index, position, flags | confirmedBit(side), side);
      confirmed.add(index);
    }
    view.header[HEADER.rejections] = before + rejected.length;
    candidates.length = 0;
    return confirmed.size === 0 ? null : confirmed;
  }

  /** Says that something happened to a pattern. */
  tell(view: ImageView, index: number, position: number, kind: EffectKind, side = sideOf(view, index)): void {
    const { evidence } = view;
    this.#effects.push({
      position,
      index,
      ordinal: int32At(view.ordinal, index),
      kind,
      side,
      logE: logEOf(view, index, side),
      n: int32At(evidence.n, index),
      successes: int32At(evidence.successes, index),
    });
  }

  /** Sets the flags and says what that makes of the status. `side`: the one that has just been confirmed. */
  setFlags(view: ImageView, index: number, position: number, flags: number, side?: Side): void {
    const before = statusOf(byteAt(view.flags, index));
    const formerSide = sideOf(view, index);
    view.flags[index] = flags;
    const after = statusOf(flags);
    if (after === before) {
      // The other side of a confirmed pattern.
      if (side !== undefined && after === 'confirmed') this.tell(view, index, position, 'confirmed', side);
      return;
    }
    view.statusAt[index] = position;
    switch (after) {
      case 'emerging':
        this.tell(view, index, position, 'emerging', side);
        break;
      case 'confirmed':
        this.tell(view, index, position, side === undefined ? 'strengthened' : 'confirmed', side);
        break;
      case 'weakening':
        this.tell(view, index, position, 'weakening', formerSide);
        break;
      case 'collecting':
        this.tell(view, index, position, 'lost', formerSide);
        break;
      case 'retired':
        break;
    }
  }

  #beginEpoch(view: ImageView, index: number, position: number, change: 'up' | 'down'): void {
    const { header } = view;
    this.tell(view, index, position, change === 'up' ? 'change-up' : 'change-down');
    beginEpoch(view, index, position);
    startChange(view.change, index);
    giveBudget(view, index);
    header[HEADER.epochs] = float64At(header, HEADER.epochs) + 1;
    view.changedAt[index] = position;
    view.changeSide[index] = change === 'up' ? 1 : 2;
    view.confirmedAt[index] = 0;
    const before = byteAt(view.flags, index);
    // Only what was confirmed can weaken; a pattern that is merely watched begins again.
    const changed = (before & (CONFIRMED | FLAG.changed)) !== 0 ? FLAG.changed : 0;
    this.setFlags(view, index, position, (before & ~(EMERGING | CONFIRMED | FLAG.changed)) | changed);
  }
}

/** Evidence that begins after a position that the fold has reached: it holds nothing, so nothing that was taken back. */
export function beginEpoch(view: ImageView, index: number, position: number): void {
  const { header, evidence, valueEvidence } = view;
  const n = float64At(header, HEADER.evidenceN);
  startEvidence(evidence, index, n, float64At(header, HEADER.evidenceSuccesses));
  if (valueEvidence !== null) {
    const count = float64At(header, HEADER.clippedCount);
    startValueEvidence(valueEvidence, index, count, float64At(header, HEADER.clippedSum));
  }
  setEpoch(view, index, position);
  view.frozenAt[index] = 0;
}

/** Saves the sort where even together with all others none of them could be. */
function mayBeRejected(
  view: ImageView,
  { index, logE }: { readonly index: number; readonly logE: number },
  most: number,
): boolean {
  return rejectionsNeeded(logE, budgetOf(view, index) / 2) <= most;
}

/** γ of a pattern's epoch; each of its two sides has half of it. */
export function budgetOf(view: ImageView, index: number): number {
  return errorBudget(byteAt(view.depth, index), int32At(view.depthOrdinal, index));
}
