import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { API_OPERATIONS } from '#lib/contracts/api-operations.ts';
import { openApiDocument } from '#lib/contracts/openapi.ts';

const routes = join(import.meta.dirname, '../../../src/routes');

/** Paths of the routes that other programs use, as the document writes them. */
function routePaths(): string[] {
  return readdirSync(routes, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name === '+server.ts')
    .map((entry) => `/${relative(routes, entry.parentPath).split(sep).join('/')}`)
    .filter((path) => path.startsWith('/api/v1') || ['/healthz', '/readyz', '/metrics'].includes(path))
    .filter((path) => !path.includes('[...'))
    .map((path) => path.replace(/\[(\w+)\]/g, '{$1}'))
    .sort();
}

const document = openApiDocument('https://telltale.example') as {
  paths: Record<string, Record<string, { operationId: string }>>;
  components: { schemas: Record<string, unknown> };
};

describe('the OpenAPI document', () => {
  it('has every route of the API and no other', () => {
    expect(Object.keys(document.paths).sort()).toEqual(routePaths());
  });

  it('names every operation once', () => {
    const ids = API_OPERATIONS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('refers only to schemas that it has', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref);
    expect(refs.length).toBeGreaterThan(50);
    const known = new Set(Object.keys(document.components.schemas).map((id) => `#/components/schemas/${id}`));
    expect(refs.filter((ref) => ref === undefined || !known.has(ref))).toEqual([]);
  });

  it('gives examples that its own schemas accept', () => {
    for (const { body } of API_OPERATIONS) {
      for (const { value } of Object.values(body?.examples ?? {}))
        expect(body?.schema.safeParse(value).error).toBeUndefined();
    }
    for (const { reply } of API_OPERATIONS) {
      if (reply.example !== undefined) expect(reply.schema?.safeParse(reply.example).error).toBeUndefined();
    }
  });
});
