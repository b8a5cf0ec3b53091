const TOUCHES = ['wheel', 'touchmove', 'pointerdown', 'keydown'] as const;

/** Aborted once the person scrolls, presses or types: what the page does by itself then stops. */
export function untilTouched(): AbortSignal {
  const touched = new AbortController();
  const { signal } = touched;
  for (const type of TOUCHES) addEventListener(type, () => touched.abort(), { passive: true, signal });
  return signal;
}
