/**
 * The smallest comparable group of outcomes: some of the pattern and those of the rest at the same time.
 * Guarantee wherever one is taken: kP ≥ 1, kC ≥ 1, and s successes can be split so, max(0, s - kC) ≤ x ≤ min(kP, s).
 */
export interface EvidenceBlock {
  /** Successes of the pattern. */
  x: number;
  /** Outcomes of the pattern. */
  kP: number;
  /** Outcomes of the rest. */
  kC: number;
  /** Successes of both. */
  s: number;
}
