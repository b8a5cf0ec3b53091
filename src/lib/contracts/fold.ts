import type { PatternView } from './pattern.ts';

/** An attribute as the fold sees it, for forms, lookups and settings. */
export interface AttributeView {
  key: string;
  label: string;
  type: 'string' | 'number' | 'boolean';
  /** Has a place among the searched ones. */
  searched: boolean;
  /** `binned`: a number with bins; `collecting`: a number still waiting for its first 500 values. */
  state: 'category' | 'binned' | 'collecting' | 'stored';
  /** Values (or bin labels) with their figures, most frequent first. */
  values: { value: string | number | boolean; label: string; n: number; successes: number }[];
  /** There are categories beyond the dictionary, counted together as "other". */
  hasOther: boolean;
  /** Edges of the bins, when binned. */
  edges: number[] | null;
  /** For a number that still collects: how many of its first 500 values there are. */
  collected: number | null;
  /**
   * How its patterns are compared, who says so, and observed over expected switches of its value; null where it is
   * not searched.
   */
  comparison: {
    mode: 'concurrent' | 'period';
    by: 'default' | 'finding' | 'person';
    switchShare: number | null;
  } | null;
}

/** Answer of a lookup: the figures, or why there are none. */
export interface PatternLookup {
  asOf: number;
  item: PatternView;
}
