import { counted } from '#lib/format/count.ts';

/** How events come, in words. */
export function transportWords(transport: 'stream' | 'poll' | null, tabs: number): string {
  if (transport === null) return 'None';
  const by = transport === 'stream' ? 'Stream' : 'Polls, every 5 s';
  return tabs > 1 ? `${by}, shared by ${counted(tabs, 'tab')}` : by;
}
