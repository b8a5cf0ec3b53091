export { createInstanceBeat, type InstanceBeat } from './instance-beat.ts';
export { listInstances } from './list-instances.ts';
