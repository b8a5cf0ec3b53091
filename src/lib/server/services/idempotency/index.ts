export { fingerprintOf, onceFromRequest, type Once } from './once.ts';
export { forgetOldAnswers, transactOnce } from './transact-once.ts';
