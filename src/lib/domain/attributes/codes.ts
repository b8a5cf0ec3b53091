/** Slots of the columns: how many attributes can be searched. */
export const SLOTS = 16;
/** The code of "no value": never counted in a conjunction. */
export const MISSING_CODE = 0;
/** Values that a category dictionary keeps, codes 1 to 64. */
export const DICTIONARY_LIMIT = 64;
/** The code of every category beyond the dictionary: counted, but never an item of a tracked pattern. */
export const OTHER_CODE = DICTIONARY_LIMIT + 1;
export const FALSE_CODE = 1;
export const TRUE_CODE = 2;
/** Adds with a value that are seen before a number attribute is cut into bins. */
export const VALUES_BEFORE_CUT = 500;
