import { z } from 'zod';

export const SIMULATION_LIMITS = { outcomes: 1_000_000, ratePerSecond: 50 } as const;

const seedSchema = z.coerce
  .number('A seed is a whole number.')
  .int('A seed is a whole number.')
  .min(0, 'A seed is 0 or more.')
  .max(2 ** 31 - 1, 'A seed is at most 2,147,483,647.');
const outcomesSchema = z.coerce
  .number('Write a whole number, such as 10000.')
  .int('Write a whole number, such as 10000.')
  .min(0)
  .max(SIMULATION_LIMITS.outcomes, 'At most 1,000,000 outcomes.');
const rateSchema = z.coerce
  .number('Write a number, such as 1.')
  .min(0.01, 'At least one outcome in 100 seconds.')
  .max(SIMULATION_LIMITS.ratePerSecond, 'At most 50 a second.');

export const simulationInputSchema = z.object({
  name: z.string().trim().min(1).max(80).default('Simulated content'),
  seed: seedSchema.default(7),
  outcomes: outcomesSchema.default(10_000),
  ratePerSecond: rateSchema.default(1),
});

export const trickleInputSchema = z.object({ running: z.boolean(), ratePerSecond: rateSchema.optional() });

/** What a simulated workspace holds and does. */
export interface SimulationView {
  seed: number;
  /** Outcomes of the history; `loaded` of them are recorded. */
  outcomes: number;
  loaded: number;
  state: 'loading' | 'ready';
  from: string;
  to: string;
  /** New outcomes come while somebody watches. */
  running: boolean;
  ratePerSecond: number;
  /** Simulated since the history ended. */
  live: number;
  truths: {
    kind: string;
    where: { attribute: string; value: string | number | boolean }[];
    odds: number;
    says: string;
  }[];
}
