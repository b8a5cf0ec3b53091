/** At most `limit` of a series, evenly taken, the first and the last among them. */
export function thinOut<T>(series: readonly T[], limit: number): T[] {
  if (series.length <= limit) return [...series];
  const step = (series.length - 1) / (limit - 1);
  return Array.from({ length: limit }, (_, at) => series[Math.round(at * step)]).flatMap((item) =>
    item === undefined ? [] : [item],
  );
}
