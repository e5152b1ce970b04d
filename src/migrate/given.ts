import { isAlias, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml'
import { type Path, printable } from '../config/problem.ts'
import { own } from './own.ts'
import type { Origin, Report } from './report.ts'

/** What all parts of one source share. */
export interface Reading {
  readonly report: Report
  /** Where each alias of the document leads. */
  resolve(node: unknown): unknown
  lineOf(node: unknown): number | undefined
  /** Keys in whatever case mean the same, as to programs in Go. */
  readonly ignoresCase: boolean
  /** The paths of keys that somebody has asked for. */
  readonly known: Set<string>
  /** The paths of which nothing below needs a word of its own. */
  readonly settled: Set<string>
}

/**
 * Something that is given in the source: a value and its place. Who asks for a key has dealt with it;
 * `reportUnknown` gives a row to all the others. A value of the wrong type gets one, too, and counts
 * as missing.
 */
export class Given implements Origin {
  readonly path: Path
  readonly line: number
  readonly #node: unknown
  readonly #reading: Reading

  constructor(node: unknown, path: Path, line: number, reading: Reading) {
    this.#reading = reading
    this.#node = reading.resolve(node)
    this.path = path
    this.line = line
  }

  /** Its key, or its place in a list. */
  get key(): string {
    return String(this.path.at(-1))
  }

  get isDict(): boolean {
    return isMap(this.#node)
  }

  get isList(): boolean {
    return isSeq(this.#node)
  }

  /** The value where it is a single one, else undefined. */
  get single(): unknown {
    return isScalar(this.#node) ? this.#node.value : undefined
  }

  get isNothing(): boolean {
    return this.#node === null || this.#node === undefined || this.single === null
  }

  /** True of keys or a list without anything in it, and of nothing. */
  get isEmpty(): boolean {
    if (isSeq(this.#node)) return this.#node.items.length === 0
    return this.isDict ? this.entries().length === 0 : this.isNothing
  }

  /** The value that a key has, whatever it is; undefined where the key is missing or has none. */
  get(key: string): Given | undefined {
    const found = this.#children().find(([name]) => this.#same(name, key))?.[1]
    if (found === undefined) return undefined
    found.#reading.known.add(found.#place)
    if (!found.isNothing) return found
    found.#reading.report.changed(found, 'has no value: as if it were not there')
    return undefined
  }

  dict(key: string): Given | undefined {
    return this.#typed(key, 'keys with values', one => (one.isDict ? one : undefined))
  }

  list(key: string): Given[] {
    return this.#typed(key, 'a list', one => (one.isList ? one.items() : undefined)) ?? []
  }

  text(key: string): Value<string> | undefined {
    return this.#typed(key, 'text', one => one.#value(one.#text))
  }

  number(key: string): Value<number> | undefined {
    return this.#typed(key, 'a number', one => one.#value(numberOf(one.single)))
  }

  boolean(key: string): Value<boolean> | undefined {
    return this.#typed(key, 'true or false', one => one.#value(truthOf(one.single)))
  }

  /** This one's own value as text; else it gets a row. */
  asText(): string | undefined {
    const text = this.#text
    if (text === undefined) this.wrong('text')
    return text
  }

  /** This one as keys with values; else it gets a row. */
  asDict(): Given | undefined {
    if (!this.isDict) this.wrong('keys with values')
    return this.isDict ? this : undefined
  }

  /** The values of a list. */
  items(): Given[] {
    const items = isSeq(this.#node) ? this.#node.items : []
    return items.map((item, i) => this.#child(item, i, item))
  }

  /** The keys and what they have: dealt with now are the keys, not what is below. */
  entries(): [string, Given][] {
    const all = this.#children()
    for (const [, one] of all) this.#reading.known.add(one.#place)
    return all
  }

  /** All of it is dropped: nothing below it needs a row. Gives undefined, as what came of it. */
  drop(text: string, remedy?: string): undefined {
    this.settle()
    this.#reading.report.dropped(this, text, remedy)
    return undefined
  }

  /** It is empty or off, and so it is in wampd without a key. */
  leave(): void {
    this.settle()
    this.#reading.report.changed(this, 'is empty or off: as here without the key')
  }

  /** All of it is dealt with. */
  settle(): void {
    this.#reading.settled.add(this.#place)
  }

  wrong(expected: string): void {
    this.drop(`expected ${expected}`, 'mend it in the source')
  }

  /** Gives each key a row that nobody has asked for, here and below. */
  reportUnknown(depth = 0): void {
    if (this.#reading.settled.has(this.#place)) return
    if (depth > MAX_DEPTH) throw new TooMuch('is nested too deeply')
    for (const [, one] of this.#children()) {
      if (this.#reading.known.has(one.#place)) one.reportUnknown(depth + 1)
      else one.drop('is a key that is not known', 'see whether wampd has what it was for')
    }
    for (const item of this.items()) item.reportUnknown(depth + 1)
  }

  #typed<T>(key: string, expected: string, read: (one: Given) => T | undefined): T | undefined {
    const found = this.get(key)
    if (found === undefined) return undefined
    const value = read(found)
    if (value === undefined) found.wrong(expected)
    return value
  }

  #value<T>(value: T | undefined): Value<T> | undefined {
    return value === undefined ? undefined : { value, at: this }
  }

  /** A single value as text: what YAML takes for a number or a truth may well be a password. */
  get #text(): string | undefined {
    if (!isScalar(this.#node)) return undefined
    const { value, source } = this.#node
    if (typeof value === 'string') return value
    const isPlain = typeof value === 'number' || typeof value === 'boolean'
    return isPlain ? (source ?? String(value)) : undefined
  }

  get #place(): string {
    return JSON.stringify(this.path)
  }

  #same(name: string, key: string): boolean {
    return this.#reading.ignoresCase ? name.toLowerCase() === key.toLowerCase() : name === key
  }

  /** Of a key that is there twice the last one counts, as to the routers' own parsers. */
  #children(): [string, Given][] {
    const pairs = new Map<string, [name: string, value: Given]>()
    for (const { key, value } of pairsOf(this.#node, this.#reading)) {
      const name = nameOf(this.#reading.resolve(key))
      const same = this.#reading.ignoresCase ? name.toLowerCase() : name
      pairs.delete(same)
      pairs.set(same, [name, this.#child(value, name, key)])
    }
    return [...pairs.values()]
  }

  #child(node: unknown, key: string | number, from: unknown): Given {
    const { lineOf } = this.#reading
    // The key's line tells more than that of what it has; an alias is where it is used.
    const line = lineOf(from) ?? lineOf(node) ?? this.line
    return new Given(node, [...this.path, key], line, this.#reading)
  }
}

/** A value of a type, and where it is given. */
export interface Value<T> {
  readonly value: T
  readonly at: Given
}

/** Deeper than people nest, and not too deep for what is recursive. */
export const MAX_DEPTH = 64

/** The source asks for more than can be read. */
export class TooMuch extends Error {
  override name = 'TooMuch'
}

/** The pairs of a map: first what is merged into it by `<<`, then its own. */
function pairsOf(node: unknown, reading: Reading, depth = 0): Pair[] {
  if (!isMap(node)) return []
  if (depth > MAX_DEPTH) throw new TooMuch('has too many aliases')
  const merged: Pair[] = []
  const own: Pair[] = []
  for (const pair of node.items) {
    const value = reading.resolve(pair.value)
    if (!isMerge(pair.key)) own.push(pair)
    else {
      // Of several that are merged the first counts.
      const maps = isSeq(value) ? value.items.map(item => reading.resolve(item)).reverse() : [value]
      merged.push(...maps.flatMap(map => pairsOf(map, reading, depth + 1)))
    }
  }
  return [...merged, ...own]
}

/** The key by which YAML merges a map into another: a symbol where the version has it. */
export function isMerge(key: unknown): boolean {
  return isScalar(key) && (key.value === '<<' || typeof key.value === 'symbol')
}

function nameOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : ''
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'bigint') return Number(value)
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

const TRUTHS: Readonly<Record<string, boolean>> = {
  ...{ true: true, yes: true, on: true },
  ...{ false: false, no: false, off: false },
}

function truthOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value
  return typeof value === 'string' ? own(TRUTHS, value.toLowerCase()) : undefined
}

/** A text of the source for a line of the report: only of what cannot be a secret. */
export function shown(text: unknown): string {
  return `"${printable(String(text))}"`
}

/** Follows aliases; undefined where one leads in circles. */
export function resolved(node: unknown, resolve: (alias: Node) => unknown): unknown {
  let value = node
  for (let steps = 0; isAlias(value); steps++) {
    if (steps > MAX_DEPTH) return undefined
    value = resolve(value as Node)
  }
  return value
}
