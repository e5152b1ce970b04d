import { isDeepStrictEqual } from 'node:util'

/** Values that routers and serializers are known to change. */
export const VALUES: Readonly<Record<string, unknown>> = {
  null: null,
  true: true,
  'an empty text': '',
  'a text of all planes': 'grüß 日本 🦀 \u0001 "\\/',
  'a negative number': -1,
  'the largest id': 2 ** 53,
  'a fraction': 0.1,
  'an empty list': [],
  'an empty dict': {},
  'a list in a list': [[[]]],
  'a dict in a list': [{ a: [{ b: null }] }],
  'a key like __proto__': JSON.parse('{"__proto__": 1}'),
  'a long text': 'x'.repeat(70_000),
}

/** Whether two values are the same to WAMP: integers are, whatever type a serializer gives them. */
export function isSame(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(plain(one), plain(other))
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Uint8Array) return [...value]
  if (typeof value !== 'object' || value === null) return value
  return new Map(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}
