/*
 * Reads of typed arrays in hot loops. The caller guarantees that the index lies within the array; the type
 * system cannot know it (noUncheckedIndexedAccess), and a check at every read costs a third of the speed.
 * One function per element kind: V8 keeps its type feedback per function, and one shared by all kinds
 * would become megamorphic.
 */

export function int32At(column: Int32Array, index: number): number {
  return column[index] as number;
}

export function float64At(column: Float64Array, index: number): number {
  return column[index] as number;
}

export function byteAt(column: Uint8Array, index: number): number {
  return column[index] as number;
}

export function signedByteAt(column: Int8Array, index: number): number {
  return column[index] as number;
}
