import { createSubscriber } from 'svelte/reactivity';

const everySecond = createSubscriber((update) => {
  const timer = setInterval(update, 1_000);
  return () => clearInterval(timer);
});

/** The present in milliseconds; read in a template or an effect it moves once a second, and only then. */
export const clock = {
  get now(): number {
    everySecond();
    return Date.now();
  },
};
