import type { AttributeView } from '#lib/contracts/fold.ts';
import { describeAttributes, type AttributeDescription } from '#lib/domain/attributes/describe-attributes.ts';
import { lookup } from '#lib/domain/patterns/lookup.ts';
import type { FoldMemory } from './fold-memory.ts';

const STATE = { searched: 'category', collecting: 'collecting', 'not-searched': 'stored' } as const;

/** Every attribute with the figures of its values: bands of a number in their order, others by count. */
export function attributeViews(memory: FoldMemory): AttributeView[] {
  return describeAttributes(memory.space).map((attribute) => ({
    key: attribute.key,
    label: attribute.key,
    type: attribute.type,
    searched: attribute.slot !== null,
    state: attribute.state === 'searched' && attribute.type === 'number' ? 'binned' : STATE[attribute.state],
    values: attribute.values
      .map((label) => ({
        value: valueOf(attribute, label),
        label,
        ...countsOf(memory, attribute.key, label),
      }))
      .sort((a, b) => (attribute.type === 'number' ? 0 : b.n - a.n)),
    hasOther: attribute.hasOther,
    edges: edgesOf(memory, attribute),
    collected: attribute.collected?.seen ?? null,
    comparison: attribute.comparison,
  }));
}

const valueOf = (attribute: AttributeDescription, label: string): string | boolean =>
  attribute.type === 'boolean' ? label === 'true' : label;

function countsOf(memory: FoldMemory, attribute: string, value: string): { n: number; successes: number } {
  const answer = lookup(memory, [{ attribute, value }], 'label');
  return answer.kind === 'found'
    ? { n: answer.evaluation.n, successes: answer.evaluation.successes }
    : { n: 0, successes: 0 };
}

function edgesOf(memory: FoldMemory, { slot }: AttributeDescription): number[] | null {
  const searched = slot === null ? undefined : memory.space.searched[slot];
  return searched?.type === 'number' && searched.bins !== null ? [...searched.bins.edges] : null;
}
