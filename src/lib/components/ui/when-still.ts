/** However long a page is scrolled, its figures are no older than this. */
const AT_MOST_MS = 2_000;

/**
 * Runs `act` once nothing has been scrolled for `stillMs`, and after two seconds anyway: what a list takes in while it
 * moves under the reader's eyes costs frames. @returns the way to call it off
 */
export function whenStill(act: () => void, stillMs: number, page: EventTarget = window): () => void {
  const end = () => {
    clearTimeout(still);
    clearTimeout(deadline);
    page.removeEventListener('scroll', onScroll, OPTIONS);
  };
  const run = () => {
    end();
    act();
  };
  const onScroll = () => {
    clearTimeout(still);
    still = setTimeout(run, stillMs);
  };
  let still = setTimeout(run, stillMs);
  const deadline = setTimeout(run, Math.max(stillMs, AT_MOST_MS));
  page.addEventListener('scroll', onScroll, OPTIONS);
  return end;
}

const OPTIONS = { capture: true, passive: true } as const;
