import { createHash } from 'node:crypto';

/** Hex digest. Enough for tokens of 200 random bits and more; never for passwords. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
