// "npm run build": the app, and the feed's client for other projects, which a start does not need.
import { build } from './lib/build.mjs';

await build();
await import('./build-client.mjs');
