/** Address of the open journeys of a subject. */
export function journeysAddress(workspace: string, subject: string): string {
  return `/api/v1/journeys?${new URLSearchParams({ ws: workspace, state: 'open', subject })}`;
}

/** Address of the patterns that an outcome with these attributes counts in; null without any. */
export function matchingAddress(
  workspace: string,
  attributes: readonly { key: string; value: string }[],
): string | null {
  const search = new URLSearchParams();
  for (const { key, value } of attributes)
    if (value.trim() !== '') search.append('where', `${key}:${value.trim()}`);
  return search.size === 0 ? null : `/w/${encodeURIComponent(workspace)}/outcomes/new/matching?${search}`;
}

/** The answer, or null: suggestions may be missing, the form works without them. */
export async function askFor<T>(address: string): Promise<T | null> {
  try {
    const response = await fetch(address, { headers: { accept: 'application/json' } });
    // The address is one of our own routes, which answers with its contract.
    return response.ok ? ((await response.json()) as T) : null;
  } catch (thrown) {
    if (thrown instanceof TypeError || thrown instanceof SyntaxError) return null;
    throw thrown;
  }
}
