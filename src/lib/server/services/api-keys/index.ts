export { createApiKey } from './create-api-key.ts';
export { insertApiKey } from './insert-api-key.ts';
export { listApiKeys, type ApiKeyView } from './list-api-keys.ts';
export { revokeApiKey } from './revoke-api-key.ts';
