import { reportFault } from '#lib/server/error-mapping.ts';

/** What a panel shows: its data, or that it could not be read. */
export type Settled<T> = { ok: true; value: T } | { ok: false; errorId: string };

/** Lets one panel fail without taking the page down; the fault is logged under the id that the panel shows. */
export async function settle<T>(reading: Promise<T>, requestId: string): Promise<Settled<T>> {
  try {
    return { ok: true, value: await reading };
  } catch (thrown) {
    return { ok: false, errorId: reportFault(thrown, requestId) };
  }
}
