import { RESULTS } from '../outcomes/results.ts';
import { byteAt, int32At } from '../read-typed-array.ts';
import type { EvidenceState } from '../statistics/evidence-state.ts';
import { onMatch } from '../statistics/on-match.ts';
import { onPeriodMatch } from '../statistics/on-period-match.ts';
import { CHUNK_BITS, CHUNK_ROWS, type Columns, META_RESULT, openChunk } from './columns.ts';
import type { EvidenceSubject } from './evidence-subject.ts';
import { itemColumns } from './item-columns.ts';
import { pushRecent, type RecentResults } from './recent-results.ts';
import { stands } from './standing.ts';

const SUCCESS = RESULTS.indexOf('success');

/**
 * Everybody's outcomes and successes up to each row of the log, of what stands: made once, so that the replays of
 * many patterns read only the rows that match them.
 *
 * As of the position that the fold has reached; then `forget` when an entry is taken back. Or as of a fixed position,
 * later retracts left out of account. Cost: 3 ns a row once, 8 bytes a row.
 */
export class StandingCounts {
  readonly #columns: Columns;
  readonly #asOf: number | null;
  /** Entry r + 1: after row r. */
  #n = new Int32Array(1);
  #successes = new Int32Array(1);
  #rows = 0;

  constructor(columns: Columns, asOf: number | null = null) {
    this.#columns = columns;
    this.#asOf = asOf;
  }

  /** The entry at a position is taken back: counts from there on are no longer true. */
  forget(position: number): void {
    this.#rows = Math.min(this.#rows, position - 1);
  }

  /**
   * Feeds a subject without a universe with the log up to `through`, at most the position that the fold has reached; the
   * counters are everybody's, moved so that they end at N and S. The same figures as replayEvidence followed by
   * shiftEvidence. `state` and `recent` have been started at `index`. Cost: .5 to 1 ns an entry that does not have the
   * first item, and the evidence of those that match.
   */
  replay(
    subject: EvidenceSubject,
    state: EvidenceState,
    recent: RecentResults | null,
    index: number,
    through: number,
    N: number,
    S: number,
  ): void {
    this.#countTo(through);
    const counts = this.#n;
    const successes = this.#successes;
    const { after, period, longestRun } = subject;
    const moveN = N - int32At(counts, through);
    const moveS = S - int32At(successes, through);
    for (let chunkAt = after >>> CHUNK_BITS; chunkAt * CHUNK_ROWS < through; chunkAt += 1) {
      const base = chunkAt * CHUNK_ROWS;
      const { codes } = openChunk(this.#columns, chunkAt);
      const { first, second, third, code0, code1, code2 } = itemColumns(codes, subject);
      const end = Math.min(CHUNK_ROWS, through - base);
      for (let at = Math.max(0, after - base); at < end; at += 1) {
        if (byteAt(first, at) !== code0) continue;
        if (byteAt(second, at) !== code1 || byteAt(third, at) !== code2) continue;
        const row = base + at;
        const n = int32At(counts, row + 1);
        if (n === int32At(counts, row)) continue;
        const s = int32At(successes, row + 1);
        const y = s - int32At(successes, row);
        if (recent !== null) pushRecent(recent, index, y);
        if (period) onPeriodMatch(state, index, y, n + moveN, s + moveS);
        else onMatch(state, index, y, n + moveN, s + moveS, longestRun);
      }
    }
  }

  /** What everybody's counters were at a position, moved so that they end at N and S at `through`. */
  at(position: number, through: number, N: number, S: number): { readonly N: number; readonly S: number } {
    this.#countTo(through);
    return {
      N: N - int32At(this.#n, through) + int32At(this.#n, position),
      S: S - int32At(this.#successes, through) + int32At(this.#successes, position),
    };
  }

  #countTo(through: number): void {
    if (this.#rows >= through) return;
    if (this.#n.length <= through) {
      const length = Math.max(2 * this.#n.length, through + 1);
      this.#n = grown(this.#n, length);
      this.#successes = grown(this.#successes, length);
    }
    let n = int32At(this.#n, this.#rows);
    let s = int32At(this.#successes, this.#rows);
    while (this.#rows < through) {
      const chunkAt = this.#rows >>> CHUNK_BITS;
      const chunk = openChunk(this.#columns, chunkAt);
      const end = Math.min(through, (chunkAt + 1) * CHUNK_ROWS);
      for (let row = this.#rows; row < end; row += 1) {
        const at = row & (CHUNK_ROWS - 1);
        if (stands(chunk, at, this.#asOf ?? through)) {
          n += 1;
          if ((byteAt(chunk.meta, at) & META_RESULT) === SUCCESS) s += 1;
        }
        this.#n[row + 1] = n;
        this.#successes[row + 1] = s;
      }
      this.#rows = end;
    }
  }
}

function grown(column: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(length);
  longer.set(column);
  return longer;
}
