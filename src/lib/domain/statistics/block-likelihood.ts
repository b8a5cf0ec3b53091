import type { EvidenceBlock } from './evidence-block.ts';
import { logChoose } from './log-choose.ts';

/**
 * Λ(β) = log Σ_u h(u)·e^(βu), h the central hypergeometric distribution of the pattern's successes given that
 * s of kP + kC succeeded: what normalises the likelihood of a block.
 *
 * Variant (STATISTICS §3): closed forms where either side has one outcome, else logsumexp over the possible
 * u by the ratio of neighbours. `expm1Beta` saves its computation where β is used again and again. Cost: one
 * log1p, or at most min(kP, kC, s, n - s) + 1 terms. Worked number: kP=3, kC=5, s=3, β=log 2: 0.9019020.
 */
export function logPartition(
  kP: number,
  kC: number,
  s: number,
  beta: number,
  expm1Beta: number = Math.expm1(beta),
): number {
  const n = kP + kC;
  if (s === 0) return 0;
  if (s === n) return kP * beta;
  if (kP === 1) return Math.log1p((s / n) * expm1Beta);
  if (kC === 1) return (s - 1) * beta + Math.log1p((1 - s / n) * expm1Beta);
  const low = Math.max(0, s - kC);
  const high = Math.min(kP, s);
  let term = logChoose(kP, low) + logChoose(kC, s - low) - logChoose(n, s) + low * beta;
  let largest = term;
  let sum = 1;
  for (let u = low; u < high; u += 1) {
    term += Math.log(((kP - u) * (s - u)) / ((u + 1) * (kC - s + u + 1))) + beta;
    if (term > largest) {
      sum = sum * Math.exp(largest - term) + 1;
      largest = term;
    } else sum += Math.exp(term - largest);
  }
  return largest + Math.log(sum);
}

/**
 * Log-likelihood ℓ(β) of a block at log odds ratio β against no effect, given how many of it succeeded; 0
 * when all or none did, which says nothing.
 *
 * Source: conditional logistic likelihood (noncentral hypergeometric); conditioning removes the base rate,
 * so e^ℓ is an e-variable: mean 1 under no effect whatever the rate, at most 1 for β > 0 under odds ratios
 * below 1 (STATISTICS §3). Cost: as logPartition. Worked number: x=2, kP=3, kC=5, s=3, ω=2: e = 1.6231884058.
 */
export function blockLogLikelihood({ x, kP, kC, s }: EvidenceBlock, beta: number): number {
  if (s === 0 || s === kP + kC) return 0;
  return x * beta - logPartition(kP, kC, s, beta);
}
