/** First character no colon and no space, then up to 63 without a colon: `where` splits at the colon. */
export const ATTRIBUTE_KEY = /^[^:\s][^:]{0,63}$/;

/** More attributes on one outcome are refused. */
export const MAX_ATTRIBUTES_PER_OUTCOME = 64;

export function isAttributeKey(text: string): boolean {
  return ATTRIBUTE_KEY.test(text);
}
