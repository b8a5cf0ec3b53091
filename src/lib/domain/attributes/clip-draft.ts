import { clipFrom, type ValueClip, VALUES_BEFORE_CLIP } from './value-clip.ts';

/** The working copy of the clip and of the values it waits for. */
export class ClipDraft {
  private clip: ValueClip | null;
  private readonly before: readonly number[];
  /** Null until this batch adds a value. */
  private values: number[] | null = null;

  constructor(clip: ValueClip | null, values: readonly number[]) {
    this.clip = clip;
    this.before = values;
  }

  /** Takes the value of a decided add; true when enough are there. */
  take(value: number): boolean {
    if (this.clip !== null) return false;
    const values = (this.values ??= [...this.before]);
    // Adding 0 turns -0 into 0, which is what JSON makes of it.
    values.push(value + 0);
    return values.length >= VALUES_BEFORE_CLIP;
  }

  /** The ends, once enough values are there and nobody has declared any. */
  find(): { readonly low: number; readonly high: number; readonly values: number } | null {
    const { values } = this;
    if (values === null || values.length < VALUES_BEFORE_CLIP) return null;
    return { ...clipFrom(values), values: values.length };
  }

  /** From now on no values are kept. */
  set(clip: ValueClip): void {
    this.clip = clip;
    this.values = [];
  }

  finish(): { readonly clip: ValueClip | null; readonly valuesBeforeClip: readonly number[] } {
    return { clip: this.clip, valuesBeforeClip: this.values ?? this.before };
  }
}
