/**
 * Which of these e-values a single look at all of them keeps at false discovery rate α: for a ranking table, never
 * for alerts. Indexes by descending evidence, ties by index.
 *
 * Variant: e-BH of Wang and Ramdas (2022), the largest k with E_(k) ≥ K/(αk); any dependence. Cost: one sort.
 * Worked number: E = 100, 50, 1 of K = 3, α = .05: needs 60, 30, 20: the first two.
 */
export function eBhSnapshot(logEs: ArrayLike<number>, alpha = 0.05): number[] {
  const order = Array.from({ length: logEs.length }, (_, index) => ({
    index,
    logE: logEs[index] ?? -Infinity,
  }));
  order.sort((a, b) => b.logE - a.logE || a.index - b.index);
  let count = 0;
  order.forEach(({ logE }, i) => {
    if (logE >= Math.log(order.length / (alpha * (i + 1)))) count = i + 1;
  });
  return order.slice(0, count).map(({ index }) => index);
}
