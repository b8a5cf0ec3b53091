export { listActivity } from './list-activity.ts';
export { listActors, type Actors } from './list-actors.ts';
