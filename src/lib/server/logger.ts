import { AsyncLocalStorage } from 'node:async_hooks';
import { pino } from 'pino';

export const requestScope = new AsyncLocalStorage<{ requestId: string }>();

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];
/** readEnv reports a level that there is not; until then there must be a log. */
const level = LEVELS.find((known) => known === process.env['LOG_LEVEL']) ?? 'info';

/** JSON lines on stderr; stdout belongs to the one line that says where to go. */
export const logger = pino(
  {
    level,
    base: null,
    redact: {
      paths: ['password', '*.password', 'token', '*.token', 'authorization', 'cookie'],
      remove: true,
    },
    mixin: () => {
      const scope = requestScope.getStore();
      return scope === undefined ? {} : { requestId: scope.requestId };
    },
  },
  pino.destination({ dest: 2, sync: false }),
);
export type Logger = typeof logger;
