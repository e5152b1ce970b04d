import { below, type SchemaNode, valueAt } from './node.ts'

/**
 * A copy of the data in which what was left out is there, with its default. TypeBox's own function
 * passes over the values of records.
 */
export function withDefaults(node: SchemaNode, data: unknown): unknown {
  if (data === undefined) {
    return node.default === undefined ? undefined : withDefaults(node, node.default)
  }
  if (Array.isArray(data)) return data.map((item, i) => withDefaults(below(node, i), item))
  if (typeof data !== 'object' || data === null) return data
  const keys = new Set([...Object.keys(data), ...Object.keys(node.properties ?? {})])
  const pairs = [...keys].map(key => [key, withDefaults(below(node, key), valueAt(data, [key]))])
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined))
}
