export { addJourneyStep } from './add-step.ts';
export { closeJourneys, reopenJourney, restateClosing, type Closing } from './close.ts';
export { listJourneys, newestOpenJourneys } from './list.ts';
export { openJourney } from './open.ts';
