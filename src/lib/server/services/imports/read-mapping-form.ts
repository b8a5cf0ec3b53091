import { attributeColumn } from '#domain/imports/guess-mapping.ts';
import { guessSuccess } from '#domain/imports/guess-outcome.ts';
import {
  ATTRIBUTE_TYPES,
  roleColumns,
  type AttributeType,
  type ImportMapping,
} from '#domain/imports/mapping.ts';
import type { ColumnProfile } from '#domain/imports/profile-columns.ts';
import { TIME_FORMATS, type TimeFormat } from '#domain/imports/time-formats.ts';

export interface MappingForm {
  mapping: ImportMapping;
  /** The values in the form belong to another outcome column: they must be shown before they count. */
  valuesOutdated: boolean;
}

const isType = (text: unknown): text is AttributeType => ATTRIBUTE_TYPES.some((type) => type === text);
const isFormat = (text: unknown): text is TimeFormat => TIME_FORMATS.some((format) => format === text);

/**
 * The mapping that a form says: `outcome`, `subject`, `externalId`, `time`, `timeFormat`, `value`, `variant`, `note`
 * (numbers of columns), `valuesOf` with `v0`, `r0`, `v1`, `r1` … (a value and what it means), `as-<column>` (a type of
 * attribute). What is missing or unknown counts as not chosen.
 */
export function readMappingForm(form: FormData, profiles: readonly ColumnProfile[]): MappingForm {
  const columnAt = (name: string): number | null => {
    const text = form.get(name);
    const index = typeof text === 'string' && /^\d{1,4}$/u.test(text) ? Number(text) : null;
    return index !== null && index < profiles.length ? index : null;
  };
  const outcome = columnAt('outcome') ?? -1;
  const valuesOutdated = outcome >= 0 && columnAt('valuesOf') !== outcome;
  const { success, neutral } = valuesOutdated ? guessedValues(profiles[outcome]) : readValues(form);

  const time = columnAt('time');
  const format = form.get('timeFormat');
  const value = columnAt('value');
  const mapping: ImportMapping = {
    outcome,
    success,
    neutral,
    subject: columnAt('subject'),
    externalId: columnAt('externalId'),
    time: time === null ? null : { column: time, format: formatFor(profiles[time], format) },
    value: value === null ? null : { column: value, numberStyle: profiles[value]?.numberStyle ?? 'plain' },
    variant: columnAt('variant'),
    note: columnAt('note'),
    attributes: [],
  };
  const roles = roleColumns(mapping);
  for (const profile of profiles) {
    const type = form.get(`as-${profile.index}`);
    if (!isType(type) || roles.has(profile.index)) continue;
    mapping.attributes.push(attributeColumn(profile, type, mapping.attributes));
  }
  return { mapping, valuesOutdated };
}

/** The chosen format; when another column was chosen since, the one that its dates have. */
function formatFor(profile: ColumnProfile | undefined, chosen: unknown): TimeFormat {
  const fits = profile?.timeFormats ?? [];
  if (isFormat(chosen) && fits.includes(chosen)) return chosen;
  return fits[0] ?? (isFormat(chosen) ? chosen : 'iso');
}

function guessedValues(profile: ColumnProfile | undefined): { success: string[]; neutral: string[] } {
  return profile === undefined ? { success: [], neutral: [] } : guessSuccess(profile);
}

function readValues(form: FormData): { success: string[]; neutral: string[] } {
  const success: string[] = [];
  const neutral: string[] = [];
  for (let i = 0; ; i++) {
    const value = form.get(`v${i}`);
    if (typeof value !== 'string') return { success, neutral };
    const means = form.get(`r${i}`);
    if (means === 'success') success.push(value);
    if (means === 'neutral') neutral.push(value);
  }
}
