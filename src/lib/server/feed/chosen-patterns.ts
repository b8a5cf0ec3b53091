import type { FeedType, FeedValues } from '#lib/contracts/feed.ts';
import { knowNames } from './coalesce.ts';
import { jsonOf, saying, toLine, type EncodedEvent } from './encode.ts';

const TYPE: FeedType = 'pattern.updated';

/** An event of patterns taken apart, so that those of one choice are put together without reading it again. */
interface Parts {
  delta: Record<string, unknown> & { c: string };
  /** Without its lists. */
  value: Omit<FeedValues['pattern.updated'], 'items' | 'leaders'>;
  leaders: readonly string[];
  items: readonly { id: string; json: string }[];
}

/** Read once for each event, and only when somebody has chosen patterns. */
const known = new WeakMap<EncodedEvent, Parts>();

function partsOf(event: EncodedEvent): Parts {
  const parts = known.get(event) ?? takeApart(event);
  known.set(event, parts);
  return parts;
}

function takeApart(event: EncodedEvent): Parts {
  const { value, ...delta } = JSON.parse(jsonOf(event).toString()) as Parts['delta'] & {
    value: FeedValues['pattern.updated'];
  };
  const { leaders, items, ...figures } = value;
  return {
    delta,
    value: figures,
    leaders,
    items: items.map((item) => ({ id: item.id ?? '', json: toLine(item) })),
  };
}

/** The patterns that a class of readers chose: what it gets of events, all others of which it gets as they are. */
export class ChosenPatterns {
  readonly #ids: ReadonlySet<string>;

  constructor(ids: readonly string[]) {
    this.#ids = new Set(ids);
  }

  /** The event with no pattern but those chosen; null when it tells of none of them. */
  of(event: EncodedEvent): EncodedEvent | null {
    if (event.type !== TYPE) return event;
    const { delta, value, leaders } = partsOf(event);
    const items = this.#itemsOf(event);
    if (items.length === 0) return null;
    const head = toLine({
      ...delta,
      value: { ...value, leaders: leaders.filter((id) => this.#ids.has(id)) },
    });
    const list = items.map(({ json }) => json).join(',');
    const cut = saying(event, delta.c, `${head.slice(0, -2)},"items":[${list}]}}`);
    knowNames(
      cut,
      items.map(({ id }) => id),
    );
    return cut;
  }

  /** About how many bytes that comes to: those of its patterns; 0 when it tells of none of them. */
  weigh(event: EncodedEvent): number {
    if (event.type !== TYPE) return event.frame.length;
    return this.#itemsOf(event).reduce((sum, { json }) => sum + json.length, 0);
  }

  #itemsOf(event: EncodedEvent): Parts['items'] {
    return partsOf(event).items.filter(({ id }) => this.#ids.has(id));
  }
}
