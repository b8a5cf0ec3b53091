import { parentPort } from 'node:worker_threads';
import { runFamily } from './run-family.ts';
import { runMiner } from './run-miner.ts';
import { watchStream } from './single-streams.ts';

/** What a thread can be asked for: runs `from` to before `to` of a scenario. */
export interface Work {
  readonly kind: 'single' | 'family' | 'miner';
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

const RUN = { single: watchStream, family: runFamily, miner: runMiner } as const;

// What throws ends the thread, and the pool says so.
parentPort?.on('message', ({ kind, name, from, to }: Work) => {
  parentPort?.postMessage(Array.from({ length: to - from }, (_, i) => RUN[kind](name, from + i)));
});
