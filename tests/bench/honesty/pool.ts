import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import type { Work } from './work.ts';

interface Job {
  readonly work: Work;
  readonly done: (results: unknown[]) => void;
}

/**
 * Threads for the simulations, one a core. Bundled by esbuild: a call between modules costs ten times as much under
 * tsx, which keeps imports live.
 */
export class Pool {
  readonly #folder = mkdtempSync(join(tmpdir(), 'telltale-honesty-'));
  readonly #queue: Job[] = [];
  readonly #idle: Worker[] = [];
  readonly #workers: Worker[] = [];

  async open(): Promise<void> {
    const outfile = join(this.#folder, 'work.mjs');
    await build({
      entryPoints: [join(import.meta.dirname, 'work.ts')],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      logLevel: 'warning',
    });
    for (let i = 0; i < availableParallelism(); i += 1) {
      const worker = new Worker(outfile);
      this.#workers.push(worker);
      this.#idle.push(worker);
    }
  }

  /** `runs` runs of a scenario, in order; `onProgress` is told how many are done. */
  async run<Result>(
    kind: Work['kind'],
    name: string,
    runs: number,
    atOnce: number,
    onProgress: (done: number) => void,
  ): Promise<Result[]> {
    let done = 0;
    const parts = Array.from({ length: Math.ceil(runs / atOnce) }, (_, i) => {
      const work = { kind, name, from: i * atOnce, to: Math.min(runs, (i + 1) * atOnce) };
      return new Promise<unknown[]>((resolve) => {
        this.#queue.push({ work, done: resolve });
        this.#next();
      }).then((results) => {
        done += results.length;
        onProgress(done);
        return results;
      });
    });
    return (await Promise.all(parts)).flat() as Result[];
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
    rmSync(this.#folder, { recursive: true });
  }

  #next(): void {
    const worker = this.#idle.pop();
    if (worker === undefined) return;
    const job = this.#queue.shift();
    if (job === undefined) {
      this.#idle.push(worker);
      return;
    }
    worker.once('message', (results: unknown[]) => {
      this.#idle.push(worker);
      job.done(results);
      this.#next();
    });
    worker.postMessage(job.work);
  }
}
