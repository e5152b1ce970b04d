import type { TSchema } from 'typebox'
import { FAILURE, PROBLEM } from '../gateway/bridge/problem.ts'
import type { Operation } from './operation.ts'
import { OPERATIONS } from './operations.ts'

let made: string | undefined

/** A description of `/api` in JSON (OpenAPI 3.1), made from what requests are led by. */
export function openApi(version: string): string {
  made ??= JSON.stringify(describe(version))
  return made
}

function describe(version: string): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const operation of OPERATIONS) {
    paths[operation.path] ??= {}
    Object.assign(paths[operation.path] as object, {
      [operation.method.toLowerCase()]: operationOf(operation),
    })
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Administration of a wampd router',
      version,
      description: 'What a router does and has, and how it is steered.',
    },
    servers: [{ url: '/api' }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: PROBLEM },
    },
  }
}

function operationOf({ id, about, path, parameters, body, answer, isStream }: Operation): object {
  const required: readonly string[] = parameters.required ?? []
  return {
    operationId: id,
    description: about,
    parameters: Object.entries(parameters.properties).map(([name, node]) => {
      const { description, ...schema } = node as TSchema & { description?: string }
      const isInPath = path.includes(`{${name}}`)
      return {
        ...{ name, in: isInPath ? 'path' : 'query', schema },
        required: isInPath || (required.includes(name) && !('default' in schema)),
        ...(description === undefined ? {} : { description }),
      }
    }),
    ...(body && { requestBody: { content: { 'application/json': { schema: body } } } }),
    responses: {
      200: {
        description: isStream ? 'Lines of JSON, until the client goes.' : 'The answer.',
        content: { [isStream ? 'application/x-ndjson' : 'application/json']: { schema: answer } },
      },
      default: FAILURE,
    },
  }
}
