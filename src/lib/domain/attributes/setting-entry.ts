/** Freezes an attribute's bins. The encoder decides it at the 500th value; the leader stores it. */
export interface BinsDecision {
  readonly kind: 'attribute.bins';
  readonly payload: {
    readonly attribute: string;
    /** Ascending inner edges; k edges make k + 1 bins, `[low, high)`, open to both infinities. */
    readonly edges: readonly number[];
    /** Every value that the edges were taken from was an integer: labels read "33–39". */
    readonly whole: boolean;
    /** How many values the edges were taken from. */
    readonly values: number;
  };
}

/** Bands that a person declared; they work at once. */
export interface BandsDecision {
  readonly kind: 'attribute.bands';
  readonly payload: {
    readonly attribute: string;
    readonly edges: readonly number[];
    /** One for each bin (edges + 1), or absent. */
    readonly labels?: readonly string[];
  };
}

/** "Cut now": quintiles of the values seen so far instead of waiting for 500. */
export interface CutDecision {
  readonly kind: 'attribute.cut';
  readonly payload: { readonly attribute: string };
}

/** Which attributes are searched, at most 16, instead of the first 16 seen. Always means a refold. */
export interface ChooseDecision {
  readonly kind: 'attribute.choose';
  readonly payload: { readonly attributes: readonly string[] };
}

export type SettingDecision = BinsDecision | BandsDecision | CutDecision | ChooseDecision;

/**
 * What the fold depends on beside the log. The fold applies it after the entry at `effectiveAfter`;
 * `ordinal` grows with every entry stored in a workspace and orders those of one position.
 */
export type SettingEntry = SettingDecision & {
  readonly effectiveAfter: number;
  readonly ordinal: number;
};
