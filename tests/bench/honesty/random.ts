/**
 * sfc32: seeded, and with two seeds of its own for each run, so that runs do not share parts of one long cycle.
 * Uniform in [0, 1), 32 bits.
 */
export function randomOf(scenario: string, run: number): () => number {
  let a = 0x811c9dc5;
  for (let i = 0; i < scenario.length; i += 1) a = Math.imul(a ^ scenario.charCodeAt(i), 0x01000193);
  let b = run;
  let c = 0x9e3779b9;
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 15; i += 1) next();
  return next;
}
