import type { Reload } from '../base/keys.ts'
import { type Path, printable } from './problem.ts'

/** What a schema that is reached by a path has; TypeBox's own types say more than is needed. */
export interface SchemaNode {
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly minLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly pattern?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode
  readonly required?: readonly string[]
  readonly default?: unknown
  readonly description?: string
  readonly reload?: Reload
  readonly unit?: string
  readonly secret?: boolean
  /** A file's path, relative to the file that it is written in. */
  readonly path?: boolean
  /** What texts of the pattern are, in words. */
  readonly form?: string
  /** Items of a list are told apart by these keys of theirs. */
  readonly keyedBy?: readonly string[]
}

/** The schema of what is under a key, or of an item. */
export function below(node: SchemaNode, key: string | number): SchemaNode {
  if (typeof key === 'number') return node.items ?? {}
  // Only `Type.Record` makes pattern properties: one, for any key.
  const any = Object.values(node.patternProperties ?? {})[0]
  const known = node.properties
  return (known !== undefined && Object.hasOwn(known, key) ? known[key] : undefined) ?? any ?? {}
}

/** What is at a path of the data, undefined where the path leads nowhere. */
export function valueAt(data: unknown, path: Path): unknown {
  let value = data
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string | number, unknown>)[key]
  }
  return value
}

/** A text of the data as people wrote it: what a variable gave is never shown. */
export function asWritten(written: unknown, path: Path, value: string): string {
  return printable(String(valueAt(written, path) ?? value))
}

export function isDict(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A copy of the data in which each leaf has gone through `change`. */
export function mapLeaves(
  node: SchemaNode,
  data: unknown,
  change: (node: SchemaNode, value: unknown, path: Path) => unknown,
  path: Path = [],
): unknown {
  // What the schema does not know may be anything, and endless.
  if ((node.items ?? node.properties ?? node.patternProperties) === undefined) {
    return change(node, data, path)
  }
  if (Array.isArray(data)) {
    return Array.from(data, (item, i) => mapLeaves(below(node, i), item, change, [...path, i]))
  }
  if (typeof data !== 'object' || data === null) return change(node, data, path)
  const pairs = Object.entries(data).map(([key, value]) => [
    key,
    mapLeaves(below(node, key), value, change, [...path, key]),
  ])
  return Object.fromEntries(pairs)
}
