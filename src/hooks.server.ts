export { init, handle, handleError } from '#lib/server/hooks.ts';
