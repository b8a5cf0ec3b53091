import type { MaintenanceForm, MaintenanceView } from '#lib/contracts/notices.ts';
import { formatWhen } from '../outcomes/index.ts';

/** The maintenance that stands, to be typed over; null when none does. Read back, it gives the same. */
export function maintenanceForm(view: MaintenanceView | null): MaintenanceForm | null {
  if (view === null || view.value === null) return null;
  const { value, timezone } = view;
  const when = (iso: string) => formatWhen(Date.parse(iso), timezone);
  return { message: value.message, from: when(value.from), until: when(value.until), timezone };
}
