/**
 * Number of the fold's arithmetic. Raise it with every change that gives a log other bits: snapshots of another
 * number are not read, the log is. A test holds the digest of a fold against it.
 */
export const FOLD_VERSION = 6;

/** What folded a snapshot; exp and log may have other last bits in another engine. */
export const FOLDED_BY = { foldVersion: FOLD_VERSION, v8: process.versions.v8 } as const;
