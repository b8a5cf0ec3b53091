import { counted } from './cli-run.ts';

const REDRAW_MS = 200;
const LINE_MS = 5_000;

/** How far a command is: one line that is redrawn on a terminal, a line every five seconds elsewhere. */
export function createProgress(total: number): { add(count: number): void; end(): void } {
  const started = performance.now();
  const onTerminal = process.stderr.isTTY === true;
  let done = 0;
  let shownAt = 0;

  function show(): void {
    const seconds = (performance.now() - started) / 1_000;
    const perSecond = Math.round(done / Math.max(seconds, 0.001));
    const text = `${counted(done)} of ${counted(total)} · ${counted(perSecond)} a second`;
    process.stderr.write(onTerminal ? `\r${text}\u001b[K` : `${text}\n`);
    shownAt = performance.now();
  }
  return {
    add(count) {
      done += count;
      if (performance.now() - shownAt >= (onTerminal ? REDRAW_MS : LINE_MS)) show();
    },
    end() {
      if (onTerminal) {
        show();
        process.stderr.write('\n');
      }
    },
  };
}
