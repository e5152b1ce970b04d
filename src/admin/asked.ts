import type { TObject } from 'typebox'
import Value from 'typebox/value'
import { Problem } from '../gateway/bridge/problem.ts'
import { INVALID_ARGUMENT } from '../protocol/errors.ts'
import type { Operation } from './operation.ts'
import { OPERATIONS } from './operations.ts'

/** What a path leads to, by method, and the parameters in it. Throws Problem. */
export function operationsAt(path: string): {
  byMethod: ReadonlyMap<string, Operation>
  inPath: Record<string, string>
} {
  const parts = path.split('/')
  const found = OPERATIONS.filter(operation => isAt(operation, parts))
  const [first] = found
  if (first === undefined) throw new Problem(INVALID_ARGUMENT, `nothing is at ${path}`, 404)
  const inPath: Record<string, string> = {}
  for (const [i, part] of first.path.split('/').entries()) {
    if (part.startsWith('{')) inPath[part.slice(1, -1)] = decoded(parts[i] as string)
  }
  return { byMethod: new Map(found.map(operation => [operation.method, operation])), inPath }
}

function isAt({ path }: Operation, parts: readonly string[]): boolean {
  const own = path.split('/')
  return (
    own.length === parts.length &&
    own.every((part, i) => (part.startsWith('{') ? parts[i] !== '' : part === parts[i]))
  )
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new Problem(INVALID_ARGUMENT, 'the path is not percent-encoded as it should be')
  }
}

/** Parameters of path and query, with their defaults and types. Throws Problem. */
export function parametersOf(
  { parameters }: Operation,
  inPath: Record<string, string>,
  query: URLSearchParams,
): Record<string, unknown> {
  for (const name of query.keys()) {
    const isKnown = Object.hasOwn(parameters.properties, name) && !Object.hasOwn(inPath, name)
    if (!isKnown) throw wrong(`there is no parameter ${JSON.stringify(name.slice(0, 50))}`)
    if (query.getAll(name).length > 1) throw wrong(`${name} is there more than once`)
  }
  const texts = { ...Object.fromEntries(query), ...inPath }
  return checked(parameters, Value.Convert(parameters, Value.Default(parameters, texts)))
}

/** The body of a request, which is an object. Throws Problem. */
export function bodyOf(body: TObject, bytes: Uint8Array): Record<string, unknown> {
  if (bytes.length === 0) return checked(body, {})
  try {
    return checked(body, JSON.parse(Buffer.from(bytes).toString()))
  } catch (error) {
    if (error instanceof SyntaxError) throw wrong('the body is no JSON')
    throw error
  }
}

function checked(schema: TObject, value: unknown): Record<string, unknown> {
  const [error] = Value.Errors(schema, value)
  if (error === undefined) return value as Record<string, unknown>
  const at = error.instancePath.slice(1).replaceAll('/', '.')
  throw wrong(`${at === '' ? 'the request' : at} ${error.message}`)
}

function wrong(text: string): Problem {
  return new Problem(INVALID_ARGUMENT, text)
}
