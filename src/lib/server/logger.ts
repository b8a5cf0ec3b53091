import { AsyncLocalStorage } from 'node:async_hooks';
import { pino } from 'pino';

export const requestScope = new AsyncLocalStorage<{ requestId: string }>();

/** JSON lines on stderr; stdout belongs to the one line that says where to go. */
export const logger = pino(
  {
    level: process.env['LOG_LEVEL'] ?? 'info',
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
