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
  paths: Record<
    string,
    Record<string, { operationId: string; responses: Record<string, { description: string }> }>
  >;
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

  it('says of the feed what it answers: what is wrong for good, and of a stream nothing else', () => {
    const answers = (path: string) => document.paths[path]?.['get']?.responses ?? {};
    const [stream, poll] = [answers('/api/v1/feed'), answers('/api/v1/feed/poll')];
    expect(Object.keys(stream)).toEqual(['200', '400', '401', '403', '404']);
    expect(Object.keys(poll)).toEqual(['200', '400', '401', '403', '404', '429', '503']);
    for (const { 400: wrong } of [stream, poll]) expect(wrong?.description).toContain('The address is wrong');
    expect(answers('/api/v1/outcomes')['422']).toBeDefined();
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
