export { appearsOffline, setAppearOffline } from './appear-offline.ts';
export { countConnections } from './count-connections.ts';
export { listOthersHere, listPeopleHere, presentPeople } from './list-people-here.ts';
export { createPresenceTracker, type PresenceTracker, type PresenceTimings } from './presence-tracker.ts';
