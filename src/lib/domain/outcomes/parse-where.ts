import { isAttributeKey } from './attribute-key.ts';

/** `attribute:value`, split at the first colon, so that values may hold colons; null when it is not one. */
export function parseWhere(text: string): { readonly attribute: string; readonly value: string } | null {
  const colon = text.indexOf(':');
  if (colon < 1 || colon === text.length - 1) return null;
  const attribute = text.slice(0, colon);
  return isAttributeKey(attribute) ? { attribute, value: text.slice(colon + 1) } : null;
}
