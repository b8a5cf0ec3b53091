import { attributeColumn, type MappingGuess } from '#domain/imports/guess-mapping.ts';
import { guessSuccess } from '#domain/imports/guess-outcome.ts';
import {
  ATTRIBUTE_TYPES,
  roleColumns,
  type AttributeType,
  type ImportMapping,
} from '#domain/imports/mapping.ts';
import { mappingProblems } from '#domain/imports/mapping-problems.ts';
import type { ColumnProfile } from '#domain/imports/profile-columns.ts';
import { TIME_FORMATS, type TimeFormat } from '#domain/imports/time-formats.ts';
import { UsageError } from './cli-target.ts';

/** What the command line says about the columns; what it leaves out is guessed as on the web page. */
export interface MappingOptions {
  success?: string[];
  neutral?: string[];
  time?: string;
  timeFormat?: string;
  subject?: string;
  value?: string;
  variant?: string;
  note?: string;
  externalId?: string;
  attributes?: string[];
  ignore?: string[];
  as?: string[];
}

const WORD_OF_TYPE: Record<string, AttributeType> = {
  category: 'string',
  string: 'string',
  number: 'number',
  boolean: 'boolean',
};

/** @throws UsageError naming what does not fit */
export function mappingFrom(
  options: MappingOptions,
  guess: MappingGuess,
  profiles: readonly ColumnProfile[],
): ImportMapping {
  const column = (name: string): number => columnNamed(name, profiles);
  const optional = (name: string | undefined, guessed: number | null | undefined): number | null =>
    name === undefined ? (guessed ?? null) : name === '' ? null : column(name);

  const ends = endings(options, guess, profiles);
  const ignored = new Set((options.ignore ?? []).map(column));
  const kept = (index: number | null): number | null => (index !== null && ignored.has(index) ? null : index);
  const timeColumn = kept(optional(options.time, guess.mapping?.time?.column));
  const valueColumn = kept(optional(options.value, guess.mapping?.value?.column));
  const mapping: ImportMapping = {
    ...ends,
    subject: kept(optional(options.subject, guess.mapping?.subject)),
    externalId: kept(optional(options.externalId, guess.mapping?.externalId)),
    time:
      timeColumn === null
        ? null
        : { column: timeColumn, format: timeFormat(options.timeFormat, profiles[timeColumn]) },
    value:
      valueColumn === null
        ? null
        : { column: valueColumn, numberStyle: profiles[valueColumn]?.numberStyle ?? 'plain' },
    variant: kept(optional(options.variant, guess.mapping?.variant)),
    note: kept(optional(options.note, guess.mapping?.note)),
    attributes: [],
  };
  const declared = declaredTypes(options.as ?? [], column);
  const roles = roleColumns(mapping);
  const wanted =
    options.attributes === undefined
      ? profiles.filter(
          ({ index }) => !roles.has(index) && !ignored.has(index) && typeFor(index, guess, declared) !== null,
        )
      : options.attributes.map((name) => profiles[column(name)]).filter((profile) => profile !== undefined);
  for (const profile of wanted) {
    const type =
      typeFor(profile.index, guess, declared) ?? (profile.numberStyle === null ? 'string' : 'number');
    mapping.attributes.push(attributeColumn(profile, type, mapping.attributes));
  }
  const problems = mappingProblems(mapping, profiles, new Map());
  if (problems.length > 0) throw new UsageError(problems.map(({ message }) => message).join('\n'));
  return mapping;
}

function columnNamed(name: string, profiles: readonly ColumnProfile[]): number {
  const found =
    profiles.find((profile) => profile.name === name) ??
    profiles.find((profile) => profile.name.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found.index;
  throw new UsageError(
    `There is no column ${name}. The file has: ${profiles.map((profile) => profile.name).join(', ')}.`,
  );
}

/** `column=value` pairs: the value is everything after the first equals sign. */
function pair(text: string, option: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1)
    throw new UsageError(`${option} is written as column=value, such as ${option} y=yes; this is ${text}.`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function endings(options: MappingOptions, guess: MappingGuess, profiles: readonly ColumnProfile[]) {
  const success = (options.success ?? []).map((text) => pair(text, '--success'));
  const neutral = (options.neutral ?? []).map((text) => pair(text, '--neutral'));
  const columns = new Set([...success, ...neutral].map(([name]) => columnNamed(name, profiles)));
  if (columns.size > 1)
    throw new UsageError('--success and --neutral name one column: the one that says how it ended.');
  const outcome = [...columns][0] ?? guess.mapping?.outcome;
  if (outcome === undefined) {
    throw new UsageError(
      'No column looks like an outcome. Say which one, and what means success: --success column=value.',
    );
  }
  const profile = profiles[outcome];
  const guessed =
    outcome === guess.mapping?.outcome
      ? guess.mapping
      : profile === undefined
        ? { success: [], neutral: [] }
        : guessSuccess(profile);
  return {
    outcome,
    success: success.length > 0 ? success.map(([, value]) => value) : guessed.success,
    neutral:
      neutral.length > 0
        ? neutral.map(([, value]) => value)
        : guessed.neutral.filter((value) => !success.some(([, said]) => said === value)),
  };
}

function timeFormat(said: string | undefined, profile: ColumnProfile | undefined): TimeFormat {
  if (said === undefined) return profile?.timeFormats[0] ?? 'iso';
  const found = TIME_FORMATS.find((format) => format === said);
  if (found === undefined) throw new UsageError(`--time-format is one of ${TIME_FORMATS.join(', ')}.`);
  return found;
}

function declaredTypes(
  said: readonly string[],
  column: (name: string) => number,
): Map<number, AttributeType> {
  return new Map(
    said.map((text) => {
      const [name, word] = pair(text, '--as');
      const type = WORD_OF_TYPE[word];
      if (type === undefined)
        throw new UsageError(
          `--as ${name}= category, ${ATTRIBUTE_TYPES.slice(1).join(' or ')}; this is ${word}.`,
        );
      return [column(name), type];
    }),
  );
}

const typeFor = (
  index: number,
  guess: MappingGuess,
  declared: ReadonlyMap<number, AttributeType>,
): AttributeType | null => declared.get(index) ?? guess.advice[index]?.type ?? null;
