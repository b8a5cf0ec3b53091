import { authorizePage } from '#lib/server/auth/authorize.ts';
import { actionFailure } from '#lib/server/error-mapping.ts';
import { createApiKey, listApiKeys, revokeApiKey } from '#lib/server/services/api-keys/index.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const ctx = await authorizePage(event, event.params.workspace, 'manage');
  event.depends('telltale:api-keys');
  const keys = await listApiKeys(ctx);
  return {
    keys: keys.map((key) => ({
      ...key,
      createdAt: key.createdAt.toISOString(),
      lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
      revokedAt: key.revokedAt?.toISOString() ?? null,
    })),
  };
};

export const actions: Actions = {
  create: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'manage');
    const form = await event.request.formData();
    const values = {
      action: 'create' as const,
      name: String(form.get('name') ?? ''),
      scopes: form.getAll('scopes').map(String),
    };
    try {
      const { key } = await createApiKey(ctx, values);
      return { created: { name: values.name.trim(), key } };
    } catch (thrown) {
      return actionFailure(thrown, values);
    }
  },
  revoke: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'manage');
    const form = await event.request.formData();
    try {
      await revokeApiKey(ctx, String(form.get('id') ?? ''));
      return { revoked: true };
    } catch (thrown) {
      return actionFailure(thrown, { action: 'revoke' as const });
    }
  },
};
