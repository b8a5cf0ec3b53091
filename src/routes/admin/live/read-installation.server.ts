import type { InstallationView } from '#lib/contracts/installation.ts';
import type { Person } from '#lib/server/auth/visitor.ts';
import { readFlag } from '#lib/server/services/flags/index.ts';
import { listInstances } from '#lib/server/services/instances/index.ts';

export async function readInstallation(person: Person): Promise<InstallationView> {
  const { app } = person;
  const [streaming, instances] = await Promise.all([readFlag(app, 'streaming'), listInstances(person)]);
  return { at: new Date(app.now()).toISOString(), streaming, instances, self: app.instance };
}
