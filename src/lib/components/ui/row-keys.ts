/** Keys of the rows of a list: one that stays keeps its key, and so its elements, the focus and what is hovered over. */
export class RowKeys {
  #keys = new Map<string, number>();
  #next = 0;

  /** `reuse`: one that comes takes the key of one that goes, since making rows anew is dear where many come. */
  of(ids: readonly string[], reuse: boolean): number[] {
    const stay = new Set(ids);
    const free = reuse ? [...this.#keys].flatMap(([id, key]) => (stay.has(id) ? [] : [key])) : [];
    const keyOf = (id: string) => this.#keys.get(id) ?? free.shift() ?? (this.#next += 1);
    const keys = ids.map(keyOf);
    this.#keys = new Map(ids.map((id, place) => [id, keys[place] ?? 0]));
    return keys;
  }
}
