import { roleColumns, type AttributeType, type ImportMapping } from './mapping.ts';
import type { ColumnProfile } from './profile-columns.ts';

export interface MappingProblem {
  /** The field of the form, or `as-<column>` for an attribute. */
  path: string;
  message: string;
}

const MAX_ATTRIBUTES = 64;
const NOUN: Record<AttributeType, string> = {
  string: 'a category',
  number: 'a number',
  boolean: 'true or false',
};

/** What is wrong with a mapping before any row is read; empty when it can be tried. */
export function mappingProblems(
  mapping: ImportMapping,
  profiles: readonly ColumnProfile[],
  knownTypes: ReadonlyMap<string, AttributeType>,
): MappingProblem[] {
  const problems: MappingProblem[] = [];
  const add = (path: string, message: string) => problems.push({ path, message });
  const nameOf = (column: number) => profiles[column]?.name ?? `column ${column + 1}`;

  const outcome = profiles[mapping.outcome];
  if (outcome === undefined) {
    add('outcome', 'Choose the column that says how it ended.');
    return problems;
  }
  checkSuccess(mapping, outcome, add);
  checkRoles(mapping, nameOf, add);
  if (mapping.time !== null) {
    const profile = profiles[mapping.time.column];
    if (profile !== undefined && profile.distinct > 0 && profile.timeFormats.length === 0) {
      const example = profile.examples[0] ?? '';
      add('time', `${profile.name} holds texts that are no dates in one format, such as “${example}”.`);
    } else if (profile !== undefined && !profile.timeFormats.includes(mapping.time.format)) {
      add(
        'timeFormat',
        `The dates of ${profile.name} (“${profile.examples[0] ?? ''}”) are not written like this.`,
      );
    }
  }
  if (mapping.value !== null && profiles[mapping.value.column]?.numberStyle === null) {
    add('value', `${nameOf(mapping.value.column)} holds texts that are no numbers.`);
  }
  if (mapping.attributes.length > MAX_ATTRIBUTES) {
    add(
      'attributes',
      `At most ${MAX_ATTRIBUTES} attributes; these are ${mapping.attributes.length}. Leave some out.`,
    );
  }
  for (const { column, key, type } of mapping.attributes) {
    const known = knownTypes.get(key);
    if (known !== undefined && known !== type) {
      add(`as-${column}`, `${key} is ${NOUN[known]} in this workspace already and cannot be ${NOUN[type]}.`);
    } else if (type === 'number' && profiles[column]?.numberStyle === null) {
      add(`as-${column}`, `${nameOf(column)} holds texts that are no numbers: a category, or leave it out.`);
    }
  }
  return problems;
}

type Add = (path: string, message: string) => void;

function checkSuccess(mapping: ImportMapping, outcome: ColumnProfile, add: Add): void {
  const success = new Set(mapping.success);
  const neither = new Set([...mapping.success, ...mapping.neutral]);
  const present = outcome.values.map(({ value }) => value);
  if (success.size === 0) {
    add('success', 'Say which values mean success.');
  } else if (!present.some((value) => success.has(value)) && outcome.distinct <= present.length) {
    const wanted = [...success].map((value) => `“${value}”`).join(', ');
    const found = present
      .slice(0, 8)
      .map((value) => `“${value}”`)
      .join(', ');
    add('success', `${wanted} stands nowhere in ${outcome.name}; it holds ${found}.`);
  } else if (
    present.length > 0 &&
    outcome.distinct <= present.length &&
    present.every((value) => neither.has(value))
  ) {
    add('success', 'No value is left that means failure: there would be nothing to compare.');
  }
}

function checkRoles(mapping: ImportMapping, nameOf: (column: number) => string, add: Add): void {
  const roles: [string, number | null | undefined][] = [
    ['outcome', mapping.outcome],
    ['time', mapping.time?.column],
    ['subject', mapping.subject],
    ['externalId', mapping.externalId],
    ['value', mapping.value?.column],
    ['variant', mapping.variant],
    ['note', mapping.note],
  ];
  const taken = new Map<number, string>();
  for (const [role, column] of roles) {
    if (column === null || column === undefined) continue;
    const other = taken.get(column);
    // One id may well name the subject and the outcome.
    const both = new Set([role, other]);
    if (other !== undefined && !(both.has('subject') && both.has('externalId'))) {
      add(role, `${nameOf(column)} is taken as the ${other} already.`);
    }
    taken.set(column, role);
  }
  const used = roleColumns(mapping);
  for (const { column, key } of mapping.attributes) {
    if (used.get(column) === 'outcome')
      add(`as-${column}`, `${key} is the outcome; it cannot explain itself.`);
  }
}
