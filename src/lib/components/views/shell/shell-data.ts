/** What the frame of a workspace's pages needs to know. */
export interface ShellData {
  workspace: { slug: string; name: string; timezone: string; simulated: boolean };
  workspaces: readonly { slug: string; name: string; simulated: boolean }[];
  user: { name: string; email: string };
  /** `operate`: the whole installation, under /admin. */
  may: { record: boolean; analyse: boolean; manage: boolean; operate: boolean };
  theme: 'light' | 'dark' | 'system';
  /** Single-key shortcuts (N, ?) are on. */
  singleKeys: boolean;
}

/** Whether people record outcomes here: only the simulator does in a simulated workspace. */
export const mayRecordIn = ({ may, workspace }: Pick<ShellData, 'may' | 'workspace'>): boolean =>
  may.record && !workspace.simulated;

export interface Place {
  href: string;
  label: string;
  icon: 'live' | 'outcomes' | 'patterns' | 'lookup' | 'honesty' | 'activity' | 'settings';
  /** Pressed after g. */
  key: string;
}

/** The pages of a workspace that this person may see, in the order of the navigation. */
export function placesOf({ workspace, may }: Pick<ShellData, 'workspace' | 'may'>): Place[] {
  const root = `/w/${encodeURIComponent(workspace.slug)}`;
  const forAdmins: Place[] = [{ href: `${root}/activity`, label: 'Activity', icon: 'activity', key: 'y' }];
  return [
    { href: root, label: 'Live', icon: 'live', key: 'l' },
    { href: `${root}/outcomes`, label: 'Outcomes', icon: 'outcomes', key: 'o' },
    { href: `${root}/patterns`, label: 'Patterns', icon: 'patterns', key: 'p' },
    { href: `${root}/lookup`, label: 'Lookup', icon: 'lookup', key: 'a' },
    { href: `${root}/honesty`, label: 'Honesty check', icon: 'honesty', key: 'h' },
    ...(may.manage ? forAdmins : []),
    { href: `${root}/settings`, label: 'Settings', icon: 'settings', key: 's' },
  ];
}

/** Whether the page at `pathname` belongs to the place: Live is itself only, the others own what is below them. */
export function isCurrent(place: Place, pathname: string): boolean {
  if (place.icon === 'live') return pathname === place.href;
  if (place.icon === 'outcomes' && pathname === `${place.href}/new`) return false;
  return pathname === place.href || pathname.startsWith(`${place.href}/`);
}
