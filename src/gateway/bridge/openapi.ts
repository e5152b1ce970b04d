import { FAILURE, PROBLEM } from './problem.ts'
import { ROUTES, type Route } from './routes.ts'

/** Descriptions by the paths of bridges. */
const made = new Map<string, string>()

/** A description of what is at a path, in JSON (OpenAPI 3.1), made from what requests are led by. */
export function openApi(path: string): string {
  const known = made.get(path)
  if (known !== undefined) return known
  const text = describe(path)
  made.set(path, text)
  return text
}

function describe(path: string): string {
  const paths = Object.fromEntries(
    ROUTES.map(route => [route.path, { [route.method.toLowerCase()]: operationOf(route) }]),
  )
  return JSON.stringify({
    openapi: '3.1.0',
    info: {
      title: 'A WAMP realm over HTTP',
      version: '1',
      description: 'Publications, calls and subscriptions by HTTP requests.',
    },
    servers: [{ url: path === '' ? '/' : path }],
    security: [{}, { bearer: [] }, { basic: [] }, { signature: [] }],
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        basic: { type: 'http', scheme: 'basic' },
        signature: { type: 'http', scheme: 'WAMP-HMAC-SHA256' },
      },
    },
  })
}

function operationOf({ operation, path, about, query }: Route): object {
  const hasUri = path.includes('{')
  const inPath = { name: 'uri', in: 'path', required: true, schema: { type: 'string' } }
  const parameters = Object.entries(query).map(([name, { schema, about }]) => ({
    ...{ name, in: 'query', description: about, schema },
  }))
  const resume = {
    ...{ name: 'Last-Event-ID', in: 'header', schema: { type: 'string' } },
    description: 'The event after which to go on.',
  }
  return {
    operationId: hasUri ? operation : OTHER_IDS[operation],
    description: about,
    parameters: [
      ...(hasUri ? [inPath] : []),
      ...parameters,
      ...(operation === 'subscribe' ? [resume] : []),
    ],
    ...bodyOf(operation, hasUri),
    responses: { ...ANSWERS[operation], default: FAILURE },
  }
}

const OTHER_IDS: Readonly<Record<Route['operation'], string>> = {
  publish: 'publishForm',
  call: 'callForm',
  subscribe: 'subscribeToSeveral',
  describe: 'describe',
}

function bodyOf(operation: Route['operation'], hasUri: boolean): object {
  if (operation !== 'publish' && operation !== 'call') return {}
  const required = operation === 'publish' ? 'topic' : 'procedure'
  if (hasUri) return { requestBody: { content: { 'application/json': {}, '*/*': {} } } }
  const schema = {
    type: 'object',
    required: [required],
    additionalProperties: false,
    properties: {
      [required]: { type: 'string' },
      ...PAYLOAD,
      options: { type: 'object' },
    },
  }
  return { requestBody: { required: true, content: { 'application/json': { schema } } } }
}

const PAYLOAD = { args: { type: 'array' }, kwargs: { type: 'object' } }

const ANSWERS: Readonly<Record<Route['operation'], object>> = {
  publish: {
    200: { description: 'It is published.', content: { 'application/json': {} } },
  },
  call: {
    200: {
      description: 'The result; its parts one by one where a stream is asked for.',
      content: {
        'application/json': {},
        'text/plain': {},
        'application/octet-stream': {},
        'application/x-ndjson': {},
        'text/event-stream': {},
      },
    },
    204: { description: 'The result is empty.' },
  },
  subscribe: {
    200: { description: 'Events, until the client goes.', content: { 'text/event-stream': {} } },
  },
  describe: {
    200: { description: 'OpenAPI 3.1.', content: { 'application/json': {} } },
  },
}
