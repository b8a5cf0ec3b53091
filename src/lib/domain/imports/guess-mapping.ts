import { attributeKeyOf } from './column-names.ts';
import { guessOutcome, plainWords } from './guess-outcome.ts';
import { roleColumns, type AttributeColumn, type AttributeType, type ImportMapping } from './mapping.ts';
import { CATEGORY_VALUES, type ColumnProfile } from './profile-columns.ts';

const SEARCHED_ATTRIBUTES = 16;
const MAX_ATTRIBUTES = 64;
const LONGEST_TEXT = 500;

/** What is proposed for one column, and why. */
export interface ColumnAdvice {
  column: number;
  /** Proposed as an attribute of this type; null: proposed to be left out. */
  type: AttributeType | null;
  reason: string;
  /** Perhaps known only after the outcome: then it must be left out, or patterns predict with hindsight. */
  hindsight: boolean;
}

export interface MappingGuess {
  /** Null when no column looks like an outcome: a person must say. */
  mapping: ImportMapping | null;
  outcomeReason: string | null;
  /** When dates fit several formats (03/04/2024): the choice of format is uncertain. */
  timeUncertain: boolean;
  advice: ColumnAdvice[];
}

const TIME_NAMES = /\b(date|time|day|at|on|when|timestamp|created|occurred|datetime|month|week)\b/u;
const FIRST_TIMES = /\b(occurred|contact|created|event|started|opened|arrival|order|call|visit)\b/u;
const SUBJECT_NAMES =
  /^(subject|customer|customer (id|name)|client|client (id|name)|email|e mail|name|full name|user|user (id|name)|lead|lead (id|name)|account|account (id|name)|contact (id|name|email)|patient|patient id|deal|deal (id|name)|symbol|ticker|id|case|case id|person|guest|guest name|company|company name|order id|booking id|session id|visitor id)$/u;
const OWN_ID_NAMES = /^(external id|outcome id|telltale id)$/u;
const VALUE_NAMES =
  /^(value|amount|revenue|price|total|sales|sale amount|order value|order total|deal value|deal size|profit|pnl|p l|r multiple|gmv|turnover|income amount)$/u;
const VARIANT_NAMES = /^(variant|version|arm|test group|ab|ab group|ab test|treatment|experiment arm)$/u;
const NOTE_NAMES = /^(note|notes|comment|comments|remark|remarks)$/u;
const HINDSIGHT_NAMES =
  /\b(duration|length of call|call length|talk time|elapsed|ended|end (date|time)|closed|close date|completed|finished|cancell?ed|cancell?ation|refund(ed)?|reason|outcome|result|status|exit|final|paid|payment date|churn(ed)?|survey|satisfaction|rating)\b/u;

/**
 * A proposal for every column, from names and values. `knownTypes`: attributes that the workspace has already, whose
 * type cannot change any more.
 */
export function guessMapping(
  profiles: readonly ColumnProfile[],
  knownTypes: ReadonlyMap<string, AttributeType> = new Map(),
): MappingGuess {
  const outcome = guessOutcome(profiles);
  const free = profiles.filter((profile) => profile.index !== outcome?.column);
  const byName = (pattern: RegExp, fits: (profile: ColumnProfile) => boolean = () => true) =>
    free.find((profile) => pattern.test(plainWords(profile.name)) && fits(profile)) ?? null;

  const time = guessTime(free);
  const rest = free.filter((profile) => profile !== time);
  const manyValued = (profile: ColumnProfile) =>
    profile.distinct > Math.max(2, (profile.rows - profile.empty) / 2);
  const always = (profile: ColumnProfile) => profile.empty === 0;
  const externalId = byName(OWN_ID_NAMES, (profile) => always(profile) && profile.distinct === profile.rows);
  const subject = byName(
    SUBJECT_NAMES,
    (profile) => profile !== time && always(profile) && manyValued(profile),
  );
  const value = byName(VALUE_NAMES, (profile) => rest.includes(profile) && profile.numberStyle !== null);
  const variant = byName(VARIANT_NAMES, (profile) => profile.distinct >= 2 && profile.distinct <= 20);
  const note = byName(
    NOTE_NAMES,
    (profile) => profile.distinct > CATEGORY_VALUES && profile.longest <= 2_000,
  );

  const mapping: ImportMapping = {
    outcome: outcome?.column ?? -1,
    success: outcome?.success ?? [],
    neutral: outcome?.neutral ?? [],
    subject: subject?.index ?? null,
    externalId: externalId?.index ?? null,
    time: time === null ? null : { column: time.index, format: time.timeFormats[0] ?? 'iso' },
    value: value === null ? null : { column: value.index, numberStyle: value.numberStyle ?? 'plain' },
    variant: variant?.index ?? null,
    note: note?.index ?? null,
    attributes: [],
  };
  const roles = roleColumns(mapping);
  const advice = profiles.map((profile) =>
    adviseColumn(profile, knownTypes.get(attributeKeyOf(profile.name)) ?? null),
  );
  for (const profile of profiles) {
    const type = advice[profile.index]?.type ?? null;
    if (type === null || roles.has(profile.index) || mapping.attributes.length >= MAX_ATTRIBUTES) continue;
    mapping.attributes.push(attributeColumn(profile, type, mapping.attributes));
  }
  for (const { column } of mapping.attributes.slice(SEARCHED_ATTRIBUTES)) {
    const told = advice[column];
    if (told !== undefined)
      told.reason = 'Beyond the first 16: stored and shown, not searched until you choose it.';
  }
  return {
    mapping: outcome === null ? null : mapping,
    outcomeReason: outcome?.reason ?? null,
    timeUncertain: (time?.timeFormats.length ?? 0) > 1,
    advice,
  };
}

/** A column as an attribute, under a key that no other one has. */
export function attributeColumn(
  profile: ColumnProfile,
  type: AttributeType,
  others: readonly AttributeColumn[],
): AttributeColumn {
  const base = attributeKeyOf(profile.name);
  let key = base;
  for (let n = 2; others.some((other) => other.key === key); n++) key = `${base.slice(0, 59)} (${n})`;
  return { column: profile.index, key, type, numberStyle: profile.numberStyle ?? 'plain' };
}

function guessTime(profiles: readonly ColumnProfile[]): ColumnProfile | null {
  const dated = profiles.filter((profile) => {
    const [format] = profile.timeFormats;
    if (format === undefined || profile.empty > 0) return false;
    // Plain digits are dates only when the name says so.
    const digits = format === 'compact' || format.startsWith('unix');
    if (!digits) return true;
    const plausible = (profile.min ?? 0) >= (format === 'unix-seconds' ? 1e8 : 1.9e7);
    return plausible && TIME_NAMES.test(plainWords(profile.name));
  });
  return dated.find((profile) => FIRST_TIMES.test(plainWords(profile.name))) ?? dated[0] ?? null;
}

const BOOLEANS = new Set(['true', 'false']);

function adviseColumn(profile: ColumnProfile, known: AttributeType | null): ColumnAdvice {
  const hindsight = HINDSIGHT_NAMES.test(plainWords(profile.name));
  const out = (reason: string): ColumnAdvice => ({ column: profile.index, type: null, reason, hindsight });
  const use = (type: AttributeType, reason: string): ColumnAdvice => ({
    column: profile.index,
    type,
    reason,
    hindsight,
  });
  if (profile.distinct === 0) return out('Empty in every row.');
  if (profile.distinct === 1 && profile.empty === 0)
    return out('The same value in every row: nothing to compare.');
  if (profile.longest > LONGEST_TEXT)
    return out('Texts longer than 500 characters: a note, not an attribute.');
  if (known === 'string') return use('string', 'A category here already.');
  if (known === 'number' && profile.numberStyle !== null) return use('number', 'A number here already.');
  if (profile.values.every(({ value }) => BOOLEANS.has(value.toLowerCase())) && profile.distinct <= 2) {
    return use('boolean', 'True or false.');
  }
  if (profile.numberStyle !== null && !profile.leadingZeros) {
    if (profile.distinct <= 2) return use('string', 'Two values, written as digits: a category.');
    if (profile.distinct === profile.rows && isCounter(profile)) {
      return out('A different number in every row: it looks like an id.');
    }
    return use(
      'number',
      'A number: cut into up to five bands, from its first 500 values. Check them under Settings, Attributes.',
    );
  }
  if (profile.timeFormats.length > 0 && profile.distinct > CATEGORY_VALUES) {
    return out('A date: as an attribute it would be a category of its own every day.');
  }
  if (profile.distinct > CATEGORY_VALUES) {
    return out(
      `${profile.distinct.toLocaleString('en')} different values; a category holds ${CATEGORY_VALUES}.`,
    );
  }
  return use('string', `A category with ${profile.distinct} values.`);
}

/** Whole numbers, all different, close together: 1, 2, 3, … */
function isCounter(profile: ColumnProfile): boolean {
  if (profile.min === null || profile.max === null || profile.rows < 20) return false;
  return (
    profile.max - profile.min < profile.rows * 4 &&
    Number.isInteger(profile.min) &&
    Number.isInteger(profile.max)
  );
}
