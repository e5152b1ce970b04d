import { PayloadError } from '../protocol/errors.ts'
import type { Dict } from '../protocol/payload.ts'
import { MAX_DEPTH } from '../serializer/serializer.ts'

/**
 * A copy that shares nothing that could be changed, of values as they would come out of a
 * serializer: null, booleans, numbers, bigints, strings, bytes, arrays, dicts. A Date becomes an
 * RFC 3339 string; a key whose value is undefined is left out. Throws PayloadError for the rest.
 */
export function copyValue(value: unknown, depth = 0): unknown {
  if (value === undefined) return null
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw new PayloadError(`a ${typeof value} cannot be sent`)
  }
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (value instanceof Date) return value.toISOString()
  if (depth >= MAX_DEPTH) throw new PayloadError(`values are nested deeper than ${MAX_DEPTH}`)
  if (Array.isArray(value)) return value.map(item => copyValue(item, depth + 1))
  return copyDict(value as Dict, depth)
}

export function copyDict(dict: Dict, depth = 0): Dict {
  const entries = Object.entries(dict).filter(([, value]) => value !== undefined)
  // fromEntries makes own properties of all keys, `__proto__` included.
  return Object.fromEntries(entries.map(([key, value]) => [key, copyValue(value, depth + 1)]))
}
