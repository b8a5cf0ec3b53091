import type { FlagView } from './flags.ts';
import type { InstanceView } from './instances.ts';

/** What the page of the installation shows, and asks for again every other second. */
export interface InstallationView {
  /** ISO 8601; the newer of two answers counts. */
  at: string;
  streaming: FlagView;
  instances: InstanceView[];
  /** Name of the server that answered. */
  self: string;
}
