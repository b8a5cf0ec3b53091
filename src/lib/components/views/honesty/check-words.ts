import type { FoldCheckView } from '#lib/contracts/fold-check.ts';
import type { SelfCheckView } from '#lib/contracts/self-check.ts';
import { counted } from '#lib/format/count.ts';

/** Share of shuffles that may confirm something by the promise that is made. */
const PROMISED = 0.05;
/** From so many standard errors above it on, chance does not explain it any more. */
const FAR = 2.5;

export function foundWords({ confirmedIn, done }: Pick<SelfCheckView, 'confirmedIn' | 'done'>): string {
  return `${confirmedIn} of ${counted(done, 'shuffle')} called anything confirmed`;
}

/** What the result of a self-check says. */
export function verdictOf({ confirmedIn, done }: Pick<SelfCheckView, 'confirmedIn' | 'done'>): {
  kind: 'saved' | 'info' | 'warn';
  words: string;
} {
  if (done === 0) return { kind: 'info', words: 'Nothing was shuffled.' };
  const expected = PROMISED * done;
  const spread = Math.sqrt(PROMISED * (1 - PROMISED) * done);
  if (confirmedIn <= expected) {
    return {
      kind: 'saved',
      words:
        'With the results dealt out by chance, the search keeps its promise; this does not test dependence between outcomes, or drift.',
    };
  }
  if (confirmedIn <= expected + FAR * spread) {
    return {
      kind: 'info',
      words: `More than the 5 in 100 that are expected at most, and within what ${counted(done, 'shuffle')} can tell. More of them would say it more exactly.`,
    };
  }
  return {
    kind: 'warn',
    words: 'More than chance explains: the search itself may be wrong here.',
  };
}

const PARTS: Record<FoldCheckView['differences'][number]['part'], string> = {
  image: 'Counts and evidence',
  columns: 'The encoded log',
  space: 'Attributes and their values',
  metrics: 'Figures of all outcomes',
  snapshot: 'The stored state',
};

export const partWords = (part: keyof typeof PARTS): string => PARTS[part];
