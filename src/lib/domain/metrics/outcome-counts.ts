/** Outcomes by how they ended. */
export interface OutcomeCounts {
  readonly successes: number;
  readonly failures: number;
  readonly neutral: number;
}
