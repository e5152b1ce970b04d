import { isDeepStrictEqual } from 'node:util'
import type { Reload } from '../base/keys.ts'
import type { Loaded } from './load.ts'
import { below, type SchemaNode, valueAt } from './node.ts'
import { type Path, printable } from './problem.ts'
import { type Config, ROOT } from './schema.ts'

/** One difference between two configurations. Values of secrets are not in it. */
export interface Change {
  /** Where: `realms[com.example.app].roles[user].permissions[exact com.example.time].allow.call`. */
  readonly path: string
  /** What was there, as it was written; undefined: nothing. */
  readonly before: string | undefined
  readonly after: string | undefined
  /** When it takes effect. */
  readonly reload: Reload
}

/** All that differs, in the order of the schema. */
export function changes(before: Loaded, after: Loaded): Change[] {
  const found: Change[] = []
  compare(ROOT, { loaded: before, path: [] }, { loaded: after, path: [] }, '')
  return found

  function compare(node: SchemaNode, a: Side, b: Side, text: string): void {
    const [one, other] = [valueIn(a), valueIn(b)]
    if (isDeepStrictEqual(one, other)) return
    const keys = commonKeys(node, one, other)
    if (keys === undefined || one === undefined || other === undefined) {
      const [was, is] = [shown(node, a), shown(node, b)]
      found.push({ path: text, before: was, after: is, reload: node.reload ?? 'live' })
      return
    }
    for (const { name, one: x, other: y } of keys) {
      const key = x ?? y ?? ''
      const step = below(node, key)
      // An item that comes or goes counts as its list does.
      const child = typeof key === 'number' ? { ...step, reload: node.reload } : step
      compare(child as SchemaNode, at(a, x), at(b, y), `${text}${name}`.replace(/^\./, ''))
    }
  }
}

/**
 * The configuration that a running router can take up: the new one, with the old values of all
 * that only a restart changes.
 */
export function withoutRestart(before: Config, after: Config): Config {
  return carry(ROOT, before, after) as Config
}

function carry(node: SchemaNode, before: unknown, after: unknown): unknown {
  const keys = commonKeys(node, before, after)
  if (keys === undefined) return node.reload === 'restart' ? before : after
  const kept = keys.flatMap(({ one, other }): [string | number, unknown][] => {
    const [x, y] = [under(before, one), under(after, other)]
    const key = (other ?? one) as string | number
    if (one !== undefined && other !== undefined) return [[key, carry(below(node, key), x, y)]]
    const step = below(node, key)
    const stays = (Array.isArray(after) ? node : step).reload === 'restart'
    const value = stays ? x : y
    return value === undefined ? [] : [[key, value]]
  })
  return Array.isArray(after) ? kept.map(([, value]) => value) : Object.fromEntries(kept)
}

/** A configuration, and a place in it. */
interface Side {
  readonly loaded: Loaded
  /** Undefined: it has nothing there. */
  readonly path: Path | undefined
}

function at({ loaded, path }: Side, key: string | number | undefined): Side {
  return { loaded, path: path === undefined || key === undefined ? undefined : [...path, key] }
}

function valueIn({ loaded, path }: Side): unknown {
  return path === undefined ? undefined : valueAt(loaded.config, path)
}

interface CommonKey {
  /** As it is printed behind its container. */
  readonly name: string
  /** The key or index on each side. */
  readonly one: string | number | undefined
  readonly other: string | number | undefined
}

/** The keys or items that two values have, side by side; undefined where they are compared whole. */
function commonKeys(node: SchemaNode, one: unknown, other: unknown): CommonKey[] | undefined {
  if (Array.isArray(one) && Array.isArray(other)) {
    const { keyedBy } = node
    if (keyedBy === undefined) return undefined
    const [a, b] = [one, other].map(list => indexes(list, keyedBy)) as [Indexes, Indexes]
    return union(a, b).map(key => ({
      name: `[${printable(key)}]`,
      one: a.get(key),
      other: b.get(key),
    }))
  }
  if (!isDict(one) || !isDict(other)) return undefined
  const has = (dict: object, key: string) => (Object.hasOwn(dict, key) ? key : undefined)
  const [a, b] = [one, other].map(dict => new Map(Object.keys(dict).map(key => [key, 0])))
  return union(a as Indexes, b as Indexes).map(key => ({
    name: `.${printable(key)}`,
    one: has(one, key),
    other: has(other, key),
  }))
}

type Indexes = Map<string, number>

function indexes(list: readonly unknown[], keyedBy: readonly string[]): Indexes {
  const nameOf = (item: unknown) => keyedBy.map(key => String(valueAt(item, [key]))).join(' ')
  return new Map(list.map((item, i) => [nameOf(item), i]))
}

function union(a: Indexes, b: Indexes): string[] {
  return [...new Set([...a.keys(), ...b.keys()])]
}

function under(value: unknown, key: string | number | undefined): unknown {
  return key === undefined ? undefined : valueAt(value, [key])
}

function isDict(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A value as people wrote it; one that is a default as it is. */
function shown(node: SchemaNode, side: Side): string | undefined {
  const value = valueIn(side)
  if (value === undefined) return undefined
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? listText(value) : '{…}'
  if (node.secret === true) return '(secret)'
  const written = valueAt(side.loaded.written, side.path ?? [])
  return printable(String(written ?? value))
}

function listText(list: readonly unknown[]): string {
  return list.every(item => typeof item !== 'object') ? printable(`[${list.join(', ')}]`) : '[…]'
}
