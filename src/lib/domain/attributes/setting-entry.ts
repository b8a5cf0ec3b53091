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

/** How the patterns of an attribute are compared. Found by the encoder (FINE-PRINT 23), or declared by a person. */
export interface ModeDecision {
  readonly kind: 'attribute.mode';
  readonly payload: {
    readonly attribute: string;
    readonly mode: 'concurrent' | 'period';
    /** Observed over expected switches; absent where a person declared it. */
    readonly switchShare?: number;
  };
}

/** Between which ends values are compared; what lies beyond counts as the end. Found by the encoder, or declared. */
export interface ClipDecision {
  readonly kind: 'values.clip';
  readonly payload: {
    readonly low: number;
    readonly high: number;
    /** How many values the ends were taken from; absent where a person declared them. */
    readonly values?: number;
  };
}

/**
 * A person keeps an eye on a conjunction, or puts it aside. Values as the fold calls them (of a number a bin's label),
 * read as they resolve at its position: where one of them is no item there, nothing happens.
 */
export interface ChoiceDecision {
  readonly kind: 'pattern.pin' | 'pattern.unpin' | 'pattern.retire' | 'pattern.resume';
  readonly payload: {
    readonly conditions: readonly { readonly attribute: string; readonly value: string }[];
  };
}

/** The leader says when what was retracted up to `through` leaves the evidence (FINE-PRINT 7). */
export interface SwapDecision {
  readonly kind: 'evidence.swap';
  readonly payload: {
    readonly through: number;
    /** Whether the log is read again for it; without, isRecounted says so. */
    readonly recount?: boolean;
  };
}

/** What the encoder decides by itself, and a refold decides again; stored bins it obeys. */
export type OwnDecision = BinsDecision | ModeDecision | ClipDecision;

export type SettingDecision =
  OwnDecision | BandsDecision | CutDecision | ChooseDecision | ChoiceDecision | SwapDecision;

/**
 * What the fold depends on beside the log. The fold applies it after the entry at `effectiveAfter`;
 * `ordinal` grows with every entry stored in a workspace and orders those of one position.
 */
export type SettingEntry = SettingDecision & {
  readonly effectiveAfter: number;
  readonly ordinal: number;
};
