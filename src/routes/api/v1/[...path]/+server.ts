import { unknownPath } from '../respond.ts';
import type { RequestHandler } from './$types';

/** What no other route of the API takes. */
export const fallback: RequestHandler = (event) => unknownPath(event);
