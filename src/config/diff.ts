import { isDeepStrictEqual } from 'node:util'
import type { Reload } from '../base/keys.ts'
import { checkConfig, type Loaded } from './load.ts'
import { below, isDict, type SchemaNode, valueAt } from './node.ts'
import { ConfigError, type Problem, printable } from './problem.ts'
import { ROOT } from './schema.ts'

/** One difference between two configurations. Values of secrets and variables are not in it. */
export interface Change {
  /** Where: `realms[com.example.app].roles[user].permissions[exact com.example.time].allow.call`. */
  readonly path: string
  /** What was there, as it was written; undefined: nothing. */
  readonly before: string | undefined
  readonly after: string | undefined
  /** When it takes effect. */
  readonly reload: Reload
}

/** A part of a configuration, and how people wrote it; undefined where it has none. */
interface Part {
  readonly value: unknown
  readonly written: unknown
}

/** All that differs, in the order of the schema. */
export function changes(before: Loaded, after: Loaded): Change[] {
  const found: Change[] = []
  compare(ROOT, partOf(before), partOf(after), '')
  return found

  function compare(node: SchemaNode, one: Part, other: Part, path: string): void {
    if (isDeepStrictEqual(one.value, other.value)) return
    const steps = stepsOf(node, one, other)
    if (steps === undefined) {
      const [was, is] = [shown(node, one), shown(node, other)]
      found.push({ path, before: was, after: is, reload: node.reload ?? 'live' })
      return
    }
    for (const step of steps) {
      compare(step.node, step.one, step.other, `${path}${step.name}`.replace(/^\./, ''))
    }
  }
}

/**
 * What a running router can take up of a new configuration: all but what only a restart changes. Throws a
 * ConfigError where old and new do not fit together. Faults have their place in the new one.
 */
export function withoutRestart(before: Loaded, after: Loaded): Loaded {
  const { value, written } = carry(ROOT, partOf(before), partOf(after))
  try {
    // What is new may be for a transport that only a restart opens.
    const { config } = checkConfig(value, { takesIdle: true })
    return { ...after, config, written }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    // The new one is sound by itself: what it is told to be without may wait for a restart in it.
    const told = ({ text, ...place }: Problem) => ({ ...place, text: `${text}; ${RESTART}` })
    throw new ConfigError(error.problems.map(told), { cause: error })
  }
}

const RESTART = 'only a restart takes up all that the new configuration has'

function carry(node: SchemaNode, one: Part, other: Part): Part {
  const steps = stepsOf(node, one, other)
  if (steps === undefined) return node.reload === 'restart' ? one : other
  const kept = steps
    .map(step => ({ key: step.key, part: carry(step.node, step.one, step.other) }))
    .filter(({ part }) => part.value !== undefined)
  if (Array.isArray(other.value)) {
    return {
      value: kept.map(({ part }) => part.value),
      written: kept.map(({ part }) => part.written),
    }
  }
  const dict = (of: keyof Part) =>
    Object.fromEntries(
      kept.map(({ key, part }) => [key, part[of]]).filter(([, value]) => value !== undefined),
    )
  return { value: dict('value'), written: dict('written') }
}

function partOf({ config, written }: Loaded): Part {
  return { value: config, written }
}

const NOTHING: Part = { value: undefined, written: undefined }

function under({ value, written }: Part, key: string | number | undefined): Part {
  if (key === undefined) return NOTHING
  return { value: valueAt(value, [key]), written: valueAt(written, [key]) }
}

/** What two configurations have under one key, or as the item of one name; one may have nothing. */
interface Step {
  readonly key: string
  /** As it is printed behind its container. */
  readonly name: string
  readonly node: SchemaNode
  readonly one: Part
  readonly other: Part
}

/** The keys or items of two parts, side by side; undefined where the parts are compared whole. */
function stepsOf(node: SchemaNode, one: Part, other: Part): Step[] | undefined {
  if (Array.isArray(one.value) && Array.isArray(other.value)) {
    return node.keyedBy === undefined ? undefined : itemsOf(node, node.keyedBy, one, other)
  }
  if (!isDict(one.value) || !isDict(other.value)) return undefined
  const keys = new Set([...Object.keys(one.value), ...Object.keys(other.value)])
  return [...keys].map(key => {
    const name = `.${printable(key)}`
    return { key, name, node: below(node, key), one: under(one, key), other: under(other, key) }
  })
}

function itemsOf(node: SchemaNode, keyedBy: readonly string[], one: Part, other: Part): Step[] {
  const texts = (item: Part) =>
    keyedBy.map(key => [valueAt(item.value, [key]), valueAt(item.written, [key])])
  const indexes = ({ value }: Part) =>
    new Map(
      (value as unknown[]).map((item, i) => {
        return [texts({ value: item, written: item }).join(' '), i]
      }),
    )
  const [before, after] = [indexes(one), indexes(other)]
  return [...new Set([...before.keys(), ...after.keys()])].map(key => {
    const [x, y] = [under(one, before.get(key)), under(other, after.get(key))]
    const name = texts(y.value === undefined ? x : y).map(([value, written]) => written ?? value)
    const isBoth = before.has(key) && after.has(key)
    // An item that comes or goes counts as its list does.
    const step = isBoth ? below(node, 0) : { reload: node.reload ?? 'live' }
    return { key, name: `[${printable(name.join(' '))}]`, node: step, one: x, other: y }
  })
}

/** A value as people wrote it; one that is a default as it is. */
function shown(node: SchemaNode, { value, written }: Part): string | undefined {
  if (value === undefined) return undefined
  if (node.secret === true) return '(secret)'
  const text = written ?? value
  if (Array.isArray(text)) {
    return text.every(item => typeof item !== 'object') ? printable(`[${text.join(', ')}]`) : '[…]'
  }
  return typeof text === 'object' ? '{…}' : printable(String(text))
}
