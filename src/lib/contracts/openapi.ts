import { z } from 'zod';
import { API_OPERATIONS, type Operation } from './api-operations.ts';
import { API_REPLIES, API_REQUESTS } from './api-schemas.ts';

type Json = Record<string, unknown>;

const refTo = (id: string): string => `#/components/schemas/${id}`;

/** Schemas of one direction as components; `input` leaves out what a client may leave out. */
function componentsOf(
  schemas: Readonly<Record<string, z.ZodType>>,
  io: 'input' | 'output',
): Record<string, Json> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const converted = z.toJSONSchema(registry, { uri: refTo, io, unrepresentable: 'any' });
  return Object.fromEntries(
    Object.entries(converted.schemas).map(([id, { $schema: _schema, $id: _id, ...schema }]) => [
      id,
      schema as Json,
    ]),
  );
}

const refOf = (schemas: Readonly<Record<string, z.ZodType>>, schema: z.ZodType): Json => {
  const id = Object.keys(schemas).find((key) => schemas[key] === schema);
  if (id === undefined) throw new Error('A schema of the API has no name: add it to api-schemas.ts.');
  return { $ref: refTo(id) };
};

function parametersOf(operation: Operation): Json[] {
  const inPath = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const query = operation.query === undefined ? null : z.toJSONSchema(operation.query, { io: 'input' });
  const required = new Set(query?.required ?? []);
  const inQuery = Object.entries(query?.properties ?? {}).map(([name, schema]) => {
    const described = typeof schema === 'object' ? schema : {};
    return {
      name,
      in: 'query',
      required: required.has(name),
      schema: described,
      ...(described.description === undefined ? {} : { description: described.description }),
    };
  });
  const workspace =
    operation.permission === null
      ? []
      : [
          {
            name: 'ws',
            in: 'query',
            required: false,
            schema: { type: 'string' },
            description: 'Slug of the workspace; only with a session. A key names its workspace itself.',
          },
        ];
  return [...inPath, ...inQuery, ...workspace, ...(operation.headers ?? [])];
}

const PROBLEM = { 'application/problem+json': { schema: { $ref: refTo('Problem') } } };
const ALWAYS: readonly number[] = [401, 403, 404, 422, 429, 503];
const ERROR_WORDS: Record<number, string> = {
  400: 'The request cannot be read (not JSON, not UTF-8).',
  401: 'No valid key or session.',
  403: 'The key or person may not do this.',
  404: 'Not known in this workspace.',
  409: 'It is in another state than this needs, or the same request still runs.',
  412: 'If-Match names another revision.',
  413: 'More than 16 MB.',
  422: 'Invalid; `issues` says where. Nothing was saved.',
  429: 'Too many requests; Retry-After says when to come again.',
  503: 'Not available now; Retry-After says when to come again.',
};

function responsesOf(operation: Operation): Json {
  const { reply } = operation;
  const content =
    reply.schema === undefined
      ? { [reply.type ?? 'application/json']: { schema: { type: 'string' } } }
      : {
          'application/json': {
            schema: refOf(API_REPLIES, reply.schema),
            ...(reply.example === undefined ? {} : { example: reply.example }),
          },
        };
  const { permission, errors = [], never = [], words = {} } = operation;
  const statuses = [...(permission === null ? [] : ALWAYS), ...errors].filter(
    (status) => !never.includes(status),
  );
  return {
    [String(reply.status)]: { description: reply.description, content },
    ...Object.fromEntries(
      [...new Set(statuses)]
        .sort()
        .map((status) => [
          String(status),
          { description: words[status] ?? ERROR_WORDS[status] ?? 'Refused.', content: PROBLEM },
        ]),
    ),
  };
}

function bodyOf({ body }: Operation): Json {
  if (body === undefined) return {};
  const json = { schema: refOf(API_REQUESTS, body.schema), examples: body.examples };
  const lines = { schema: { type: 'string' }, example: body.linesExample };
  return {
    requestBody: {
      required: body.optional !== true,
      content: {
        'application/json': json,
        ...(body.linesExample === undefined ? {} : { 'application/x-ndjson': lines }),
      },
    },
  };
}

function operationOf(operation: Operation): Json {
  return {
    operationId: operation.id,
    tags: [operation.tag],
    summary: operation.summary,
    ...(operation.description === undefined ? {} : { description: operation.description }),
    ...(operation.permission === null ? { security: [] } : {}),
    parameters: parametersOf(operation),
    ...bodyOf(operation),
    responses: responsesOf(operation),
  };
}

/** The API as OpenAPI 3.1, made from the schemas that check it. @param origin where it is served */
export function openApiDocument(origin: string): Json {
  const paths: Record<string, Json> = {};
  for (const operation of API_OPERATIONS) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: operationOf(operation) };
  }
  return {
    openapi: '3.1.0',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: {
      title: 'Telltale',
      version: '1',
      description:
        'Record how things ended; read which combinations of attributes go with success, as they are known now. ' +
        'Numbers are unrounded; infinite ones are null. `asOf` is the position in the log that figures stand for.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: origin }],
    security: [{ key: [] }, { session: [] }],
    tags: [
      { name: 'outcomes', description: 'What happened.' },
      { name: 'journeys', description: 'What is under way.' },
      { name: 'patterns', description: 'What goes with success.' },
      { name: 'attributes', description: 'What patterns are made of.' },
      { name: 'metrics', description: 'The totals.' },
      { name: 'feed', description: 'Everything as it changes.' },
      { name: 'operation', description: 'How the server is.' },
    ],
    paths,
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key, `tt_…`, bound to one workspace.' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'telltale_session',
          description: 'A person who is logged in.',
        },
      },
      schemas: { ...componentsOf(API_REQUESTS, 'input'), ...componentsOf(API_REPLIES, 'output') },
    },
  };
}
