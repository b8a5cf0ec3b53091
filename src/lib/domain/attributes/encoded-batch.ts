/** Codes that reach back: an attribute was cut after `after`, and these earlier rows now have a code. */
export interface EncodedCut {
  readonly kind: 'cut';
  readonly after: number;
  readonly slot: number;
  /** Ascending positions of the entries that carry a value. */
  readonly positions: Float64Array;
  readonly codes: Uint8Array;
}

/** How an attribute's patterns are compared: with outcomes of the same time, or by period (STATISTICS §3). */
export interface EncodedMode {
  readonly kind: 'mode';
  readonly after: number;
  readonly slot: number;
  readonly period: boolean;
  /** By a person, who may have looked at results; else labels alone have decided. */
  readonly declared: boolean;
}

/** What a person decided about one conjunction. Slots ascending. */
export interface EncodedChoice {
  readonly kind: 'pin' | 'unpin' | 'retire' | 'resume';
  readonly after: number;
  readonly slots: readonly number[];
  readonly codes: readonly number[];
}

/** The outcomes retracted up to `through` leave all evidence. */
export interface EncodedSwap {
  readonly kind: 'swap';
  readonly after: number;
  readonly through: number;
  /** Whether the log is read again; null: as isRecounted says. */
  readonly recount: boolean | null;
}

/** Values are read as if they lay within [low, high], fixed point 1e-4, from the first entry on. */
export interface EncodedClip {
  readonly kind: 'clip';
  readonly after: number;
  readonly low: number;
  readonly high: number;
}

export type EncodedAct = EncodedCut | EncodedMode | EncodedChoice | EncodedSwap | EncodedClip;

/** A run of log entries as columns: all that a worker needs to fold them. Rows are in position order. */
export interface EncodedBatch {
  readonly firstPosition: number;
  readonly count: number;
  /** Row by row, 16 codes each. */
  readonly codes: Uint8Array;
  /** +1 add, -1 retract. */
  readonly signs: Int8Array;
  /** Index into RESULTS. */
  readonly results: Uint8Array;
  /** Fixed point 1e-4; NaN where there is none. */
  readonly values: Float64Array;
  readonly hasValues: boolean;
  readonly days: Int32Array;
  /** For a retract the position of the add it takes back, else 0. */
  readonly retracts: Float64Array;
  /** What beside the entries changes the fold, in the order of its effect. */
  readonly acts: readonly EncodedAct[];
}
