/** How numbers are written in a column: 1234.5 · 1,234.5 · 1.234,5 */
export const NUMBER_STYLES = ['plain', 'grouped', 'comma'] as const;
export type NumberStyle = (typeof NUMBER_STYLES)[number];

const PATTERNS: Record<NumberStyle, RegExp> = {
  plain: /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?$/u,
  grouped: /^[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/u,
  comma: /^[-+]?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?$/u,
};
const CURRENCY = /^([-+]?)[$€£¥]\s*|\s*[$€£¥]$/gu;
const ABSENT = new Set(['', 'na', 'n/a', '#n/a', 'nan', 'null', 'none', '-', '–', '.']);

/** Written where a number would stand, this means that there is none. */
export function isAbsentNumber(text: string): boolean {
  return text.length <= 4 && ABSENT.has(text.toLowerCase());
}

/** The number a text means in this style; null when it is none. Currency signs around it are allowed. */
export function parseNumber(text: string, style: NumberStyle): number | null {
  if (style === 'plain' && PATTERNS.plain.test(text)) return finite(Number(text));
  const bare = text.replace(CURRENCY, '$1').trim();
  if (PATTERNS.plain.test(bare) && style !== 'comma') return finite(Number(bare));
  if (!PATTERNS[style].test(bare)) return null;
  const pointed = style === 'comma' ? bare.replaceAll('.', '').replace(',', '.') : bare.replaceAll(',', '');
  return finite(Number(pointed));
}

function finite(value: number): number | null {
  // Adding 0 turns -0 into 0.
  return Number.isFinite(value) ? value + 0 : null;
}

/** The first style in which every text is a number, or null. Texts that mean "none" are to be left out. */
export function numberStyleOf(texts: readonly string[]): NumberStyle | null {
  if (texts.length === 0) return null;
  return NUMBER_STYLES.find((style) => texts.every((text) => parseNumber(text, style) !== null)) ?? null;
}
