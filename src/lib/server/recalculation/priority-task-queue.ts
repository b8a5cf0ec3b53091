import { Piscina } from 'piscina';

/** Order of work in the pool: live folds before rebuilds and everything else. */
export const PRIORITIES = ['live', 'background'] as const;
export type Priority = (typeof PRIORITIES)[number];

interface QueuedTask {
  readonly [Piscina.queueOptionsSymbol]: object | null;
}

const priorityOf = (task: QueuedTask): Priority => {
  const options = task[Piscina.queueOptionsSymbol] as { priority?: Priority } | null;
  return options?.priority ?? 'background';
};

/** Piscina's task queue with two classes, first in first out within each. */
export class PriorityTaskQueue {
  readonly #queues: Record<Priority, QueuedTask[]> = { live: [], background: [] };

  get size(): number {
    return this.#queues.live.length + this.#queues.background.length;
  }

  shift(): QueuedTask | null {
    return this.#queues.live.shift() ?? this.#queues.background.shift() ?? null;
  }

  push(task: QueuedTask): void {
    this.#queues[priorityOf(task)].push(task);
  }

  remove(task: QueuedTask): void {
    const queue = this.#queues[priorityOf(task)];
    const index = queue.indexOf(task);
    if (index !== -1) queue.splice(index, 1);
  }
}
