export { readSelfChecks, selfCheckEvents } from './read-self-checks.ts';
export { createSelfCheckRunner, type SelfCheckRunner } from './self-check-runner.ts';
export { cancelSelfCheck, startSelfCheck } from './start-self-check.ts';
