import { Settings } from 'typebox/system'
import Value from 'typebox/value'
import { UNITS, worthOf } from '../base/keys.ts'
import { withDefaults } from './defaults.ts'
import { nearest } from './nearest.ts'
import { below, mapLeaves, type SchemaNode, valueAt } from './node.ts'
import { type Fault, type Path, printable } from './problem.ts'
import { ROOT, schema } from './schema.ts'

/** The schema's checks stop here; a file with so many faults is something else than a config. */
const MAX_FAULTS = 1000

/**
 * All that the schema finds wrong with data. `written` is the data as people wrote it, before
 * variables were expanded: only that is ever shown.
 */
export function schemaFaults(data: unknown, written: unknown): Fault[] {
  const faults: Fault[] = []
  const seen = new Set<string>()
  for (const error of errorsOf(data)) {
    const { path, node } = locate(error.instancePath, data)
    if (error.keyword === 'additionalProperties') {
      for (const key of error.params.additionalProperties) {
        faults.push({ path: [...path, key], atKey: true, text: unknownKey(key, node) })
      }
    } else if (error.keyword === 'required') {
      for (const key of error.params.requiredProperties) {
        faults.push({ path, text: `the key "${key}" is missing` })
      }
    } else if (error.keyword !== 'boolean' && !seen.has(error.instancePath)) {
      // 'boolean' repeats an unknown key; and of two keywords that refuse a value one is enough.
      seen.add(error.instancePath)
      faults.push({ path, text: `expected ${expected(node)}, found ${found(node, written, path)}` })
    }
  }
  return [...faults, ...limitFaults(data, written)]
}

/** Texts with units that come to more or less than their key takes. JSON Schema has no word for it. */
function limitFaults(data: unknown, written: unknown): Fault[] {
  const faults: Fault[] = []
  mapLeaves(ROOT, data, (node, value, path) => {
    if (node.unit === undefined || typeof value !== 'string') return
    const worth = worthOf(node.unit, value)
    const { minimum = 0, maximum = Infinity } = node
    if (worth === undefined || (worth >= minimum && worth <= maximum)) return
    faults.push({ path, text: `expected ${expected(node)}, found ${found(node, written, path)}` })
  })
  return faults
}

/**
 * Data whose schema is met, with the defaults filled in and texts with units as numbers. Files are
 * named by `pathOf`.
 */
export function filled(data: unknown, pathOf: (file: string) => string): unknown {
  const whole = withDefaults(ROOT, data)
  return mapLeaves(ROOT, whole, (node, value) => {
    if (node.unit !== undefined) return worthOf(node.unit, value as number | string)
    return node.path === true ? pathOf(value as string) : value
  })
}

/**
 * Text that came from a variable where a number or a truth is wanted: `port: ${PORT}` gives text,
 * for nothing else can be written so.
 */
export function withTypes(data: unknown, written: unknown): unknown {
  return mapLeaves(ROOT, data, (node, value, path) => {
    if (typeof value !== 'string' || value === valueAt(written, path)) return value
    const types = [node.type].flat()
    if (types.includes('boolean') && /^(true|false)$/.test(value)) return value === 'true'
    const isNumber = types.includes('number') || types.includes('integer')
    return isNumber && /^\d{1,15}(\.\d{1,6})?$/.test(value) ? Number(value) : value
  })
}

/** The data that a schema's keys are checked on: plain, and a copy. */
export function plain(input: unknown): { data: unknown } | { fault: Fault } {
  try {
    // Holes of lists become `undefined`: TypeBox passes over them.
    return { data: mapLeaves(ROOT, structuredClone(input), (_, value) => value) }
  } catch {
    const text = 'is not plain data: a function, a proxy or a throwing getter is in it'
    return { fault: { path: [], text } }
  }
}

function errorsOf(data: unknown): ReturnType<typeof Value.Errors> {
  const { maxErrors } = Settings.Get()
  Settings.Set({ maxErrors: MAX_FAULTS })
  try {
    return Value.Errors(schema, data)
  } finally {
    Settings.Set({ maxErrors })
  }
}

/** Follows a JSON pointer through schema and data. */
function locate(pointer: string, data: unknown): { path: Path; node: SchemaNode } {
  const path: (string | number)[] = []
  let node = ROOT
  let value = data
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    const step = Array.isArray(value) ? Number(key) : key
    path.push(step)
    node = below(node, step)
    value = valueAt(value, [step])
  }
  return { path, node }
}

function unknownKey(key: string, node: SchemaNode): string {
  const known = Object.keys(node.properties ?? {})
  if (known.length === 0) return 'expected a name that is not empty'
  const meant = nearest(key, known)
  const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean "${meant}"?`
  return `unknown key; ${hint}`
}

const TYPES: Record<string, string> = {
  object: 'keys with values',
  array: 'a list',
  string: 'text',
  boolean: 'true or false',
  number: 'a number',
  integer: 'a whole number',
}

function expected(node: SchemaNode): string {
  if (node.const !== undefined) return String(node.const)
  if (node.enum !== undefined) return node.enum.join(' or ')
  if (node.unit !== undefined) {
    const keys = Object.keys(node.properties ?? {})
    const orKeys = keys.length === 0 ? '' : `, or the keys ${keys.join(', ')}`
    return `${UNITS[node.unit]?.expected}${limits(node)}${orKeys}`
  }
  if (node.form !== undefined) return node.form
  if (node.minLength !== undefined) return 'text that is not empty'
  if (node.minItems !== undefined) return 'a list that is not empty'
  const type = TYPES[String(node.type)] ?? 'something else'
  return node.maximum === undefined ? type : `${type} from ${node.minimum} to ${node.maximum}`
}

function limits({ minimum = 0, maximum }: SchemaNode): string {
  return `${minimum === 0 ? '' : `, at least ${minimum}`}, at most ${maximum}`
}

/**
 * What stands there: as it was written, and nothing of a secret. A text in the place of keys may be
 * a secret too: `joe: s3cret`.
 */
function found(node: SchemaNode, written: unknown, path: Path): string {
  const value = valueAt(written, path)
  if (value === null || value === undefined) return 'nothing'
  if (typeof value === 'object') return Array.isArray(value) ? 'a list' : 'keys with values'
  if (node.secret === true) return 'a secret that is not shown'
  if (node.type === 'object') return 'a single value'
  return typeof value === 'string' ? `"${printable(value)}"` : String(value)
}
