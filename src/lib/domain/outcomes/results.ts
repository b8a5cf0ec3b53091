/** How an outcome ended. The order is a contract: columns store the index. */
export const RESULTS = ['success', 'failure', 'neutral'] as const;
export type Result = (typeof RESULTS)[number];
