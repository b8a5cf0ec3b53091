// npm start: from a fresh checkout to a served page. Plain JavaScript without packages, since none may be there yet.
import { ensureBuilt } from './lib/build.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { requireNode } from './lib/project.mjs';

requireNode();
await ensureInstalled();
await ensureBuilt();
// In this same process: signals reach the server, and a kill -9 leaves no other half behind.
await import('./serve.mjs');
