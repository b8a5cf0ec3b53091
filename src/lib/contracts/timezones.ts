/** The time zones one may choose, UTC first. The platform's list has no UTC of its own. */
export function timezones(): string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];
}
