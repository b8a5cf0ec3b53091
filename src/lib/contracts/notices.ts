import { z } from 'zod';
import { timezoneSchema } from './identity.ts';

export const MAX_NOTICE = 200;

/** What operators announce to everybody. Times are ISO 8601. */
export interface MaintenanceNotice {
  message: string;
  from: string;
  until: string;
}

export const ERROR_SEVERITIES = ['warning', 'error', 'critical'] as const;
/**
 * `fold-check`: the figures differ from what the log says, by the last comparison that could be made. `fold`: the
 * figures stand still, because counting failed and failed again.
 */
export const ERROR_KINDS = ['fold-check', 'fold'] as const;
export type SystemErrorKind = (typeof ERROR_KINDS)[number];

/** Something of ours that is wrong in a workspace until it is over; for its admins. */
export interface SystemError {
  severity: (typeof ERROR_SEVERITIES)[number];
  kind: SystemErrorKind;
  message: string;
  /** Since when; ISO 8601. */
  at: string;
}

/** What stands under a key of the feed, or does not any more (null), as of a revision. */
export interface Standing<T> {
  key: string;
  rev: number;
  value: T | null;
}

/** A maintenance as its form sends it: times as people write them, by the clocks of the zone. */
export const maintenanceInputSchema = z.object({
  message: z
    .string('Say what happens, such as “We update Telltale”.')
    .trim()
    .min(1, 'Say what happens, such as “We update Telltale”.')
    .max(MAX_NOTICE, `At most ${MAX_NOTICE} characters.`),
  from: z.string('When it begins, such as “today 18:00”.').trim(),
  until: z.string('When it ends, such as 18:30.').trim(),
  timezone: timezoneSchema,
});

/** The form as it was typed; without a maintenance, empty. */
export type MaintenanceForm = z.input<typeof maintenanceInputSchema>;

/** The last maintenance that was announced, for those who run the installation. */
export interface MaintenanceView extends Standing<MaintenanceNotice> {
  timezone: string;
  updatedAt: string;
  updatedBy: string;
}
