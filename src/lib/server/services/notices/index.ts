export { announceMaintenance, withdrawMaintenance } from './announce-maintenance.ts';
export { maintenanceForm } from './maintenance-form.ts';
export { readMaintenance } from './read-maintenance.ts';
export { noticeParts, readNotices, type Notices } from './read-notices.ts';
