import { countWithInterval, markdownTable, median, medianError, percent } from './figures.ts';
import { type Published, SINGLE_ROWS, type SingleRow } from './single-rows.ts';
import { type Rule, RULES, type StreamAlarms } from './single-streams.ts';

const RULE_TITLES: Record<Rule, string> = {
  z: 'p ≤ .05 at each look',
  wilson: 'Wilson excludes the rest',
  e2: '**E² ≥ 20**',
  confidence: '**confidence ≥ .8**',
};

/** A figure compared with the published one, in standard errors of their difference. */
interface Comparison {
  readonly what: string;
  readonly errors: number;
}

/** The tables of single patterns, each figure with how many standard errors it is from STATISTICS §9. */
export function reportSingle(runs: ReadonlyMap<string, readonly StreamAlarms[]>): string {
  const compared: Comparison[] = [];
  const rows = SINGLE_ROWS.map((row) => {
    const streams = runs.get(row.name) ?? [];
    return [row.title, ...RULES.map((rule, i) => cellOf(row, rule, i, streams, compared))];
  });
  const medians = SINGLE_ROWS.filter(({ effect }) => effect > 1).map((row) => {
    const streams = runs.get(row.name) ?? [];
    return [row.title, ...RULES.map((rule, i) => medianCell(row, rule, i, streams, compared))];
  });
  const head = ['streams', ...RULES.map((rule) => RULE_TITLES[rule])];
  const worst = [...compared].sort((a, b) => Math.abs(b.errors) - Math.abs(a.errors)).slice(0, 3);
  const streams = runs.get('null') ?? [];
  const alarmed = streams.filter((stream) => (stream[3]?.at ?? 0) > 0).length;
  return [
    `Share of streams ever alarmed (± standard errors from the published figure):`,
    '',
    markdownTable(head, rows),
    '',
    'Median outcomes to the alarm over all streams, those of the pattern in brackets; – where fewer than half alarm:',
    '',
    markdownTable(head, medians),
    '',
    `Without an effect, confidence ever reached .8 in ${countWithInterval(alarmed, streams.length)}.`,
    `${compared.length} figures compared; farthest: ${worst.map(({ what, errors }) => `${what} ${signed(errors)}`).join(', ')}.`,
  ].join('\n');
}

function cellOf(
  row: SingleRow,
  rule: Rule,
  place: number,
  streams: readonly StreamAlarms[],
  compared: Comparison[],
): string {
  const share = streams.filter((stream) => (stream[place]?.at ?? 0) > 0).length / streams.length;
  const published = row.published[rule];
  if (published === null) return percent(share);
  // Two binomial shares with one common rate; half an outcome keeps 0 and 1 from having no error.
  const { publishedStreams } = row;
  const both = streams.length + publishedStreams;
  const pooled = (share * streams.length + published.share * publishedStreams + 0.5) / (both + 1);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / streams.length + 1 / publishedStreams));
  const errors = (share - published.share) / error;
  compared.push({ what: `${row.title}, ${rule}`, errors });
  return `${percent(share)} (${signed(errors)})`;
}

function medianCell(
  row: SingleRow,
  rule: Rule,
  place: number,
  streams: readonly StreamAlarms[],
  compared: Comparison[],
): string {
  const alarms = streams.flatMap((stream) => stream[place] ?? []);
  const figure = (of: 'at' | 'inPattern'): string => {
    // Who never alarms does so after everybody else.
    const values = alarms.map((one) => (one.at === 0 ? Infinity : one[of]));
    const middle = median(values);
    if (middle === null || !Number.isFinite(middle)) return '–';
    const published: Published | null = row.published[rule];
    const known = published?.[of];
    if (known === undefined) return middle.toFixed(0);
    const errors = (middle - known) / (medianError(values) * Math.SQRT2);
    compared.push({
      what: `${row.title}, ${rule}, median ${of === 'at' ? 'outcomes' : 'in pattern'}`,
      errors,
    });
    return `${middle.toFixed(0)} ${signed(errors)}`;
  };
  return `${figure('at')} (${figure('inPattern')})`;
}

function signed(errors: number): string {
  return `${errors < 0 ? '−' : '+'}${Math.abs(errors).toFixed(1)}`;
}
