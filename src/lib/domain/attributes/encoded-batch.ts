/** Codes that reach back: an attribute was cut after `after`, and these earlier rows now have a code. */
export interface EncodedCut {
  readonly after: number;
  readonly slot: number;
  /** Ascending positions of the entries that carry a value. */
  readonly positions: Float64Array;
  readonly codes: Uint8Array;
}

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
  /** In the order in which they take effect. */
  readonly cuts: readonly EncodedCut[];
}
