/** The code of the bin `[low, high)` that a number falls into: 1 + the number of edges not above it. */
export function binCode(edges: readonly number[], value: number): number {
  let code = 1;
  for (const edge of edges) {
    if (value < edge) break;
    code += 1;
  }
  return code;
}
