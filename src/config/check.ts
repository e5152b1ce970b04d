import { Settings } from 'typebox/system'
import Value from 'typebox/value'
import { isPattern, isUri } from '../match/uri.ts'
import { nearest } from './nearest.ts'
import { ConfigError } from './problem.ts'
import { type Config, schema } from './schema.ts'

/** Where something is in the data: keys and list indexes from the top. */
export type Path = readonly (string | number)[]

/** A fault of the data. `atKey`: it is the key that is wrong, not its value. */
export interface Fault {
  readonly path: Path
  readonly atKey?: boolean
  readonly text: string
}

/** The schema's checks stop here; a file with so many faults is something else than a config. */
const MAX_FAULTS = 1000

/**
 * Checks a configuration that is given in code and fills in the defaults. The object is not
 * changed. Throws a ConfigError that names every problem.
 */
export function checkConfig(input: unknown): Config {
  const checked = check(input)
  if ('config' in checked) return checked.config
  throw new ConfigError(checked.faults.map(({ path, text }) => ({ path: pathText(path), text })))
}

/** A copy of the data with the defaults filled in, or all that is wrong with it. */
export function check(input: unknown): { config: Config } | { faults: Fault[] } {
  let data: unknown
  try {
    data = structuredClone(input)
  } catch {
    const text = 'is not plain data: a function, a proxy or a throwing getter is in it'
    return { faults: [{ path: [], text }] }
  }
  const faults = schemaFaults(data)
  if (faults.length > 0) return { faults }
  const config = Value.Default(schema, data) as Config
  const others = realmFaults(config)
  return others.length > 0 ? { faults: others } : { config }
}

/** The path as people write it: `realms[0].roles`. */
export function pathText(path: Path): string {
  return path
    .map(key => (typeof key === 'number' ? `[${key}]` : `.${printable(key)}`))
    .join('')
    .replace(/^\./, '')
}

/** What a schema that is reached by a path has; TypeBox's own types say more than is needed. */
interface SchemaNode {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly minLength?: number
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode
}

function schemaFaults(data: unknown): Fault[] {
  const faults: Fault[] = []
  const seen = new Set<string>()
  for (const error of errorsOf(data)) {
    const { path, node, value } = locate(error.instancePath, data)
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
      faults.push({ path, text: `expected ${expected(node)}, found ${found(value)}` })
    }
  }
  return faults
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
function locate(pointer: string, data: unknown): { path: Path; node: SchemaNode; value: unknown } {
  const path: (string | number)[] = []
  let node: SchemaNode = schema as SchemaNode
  let value = data
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    const isList = Array.isArray(value)
    path.push(isList ? Number(key) : key)
    node = (isList ? node.items : node.properties?.[key]) ?? {}
    value = (value as Record<string, unknown> | null | undefined)?.[key]
  }
  return { path, node, value }
}

function unknownKey(key: string, node: SchemaNode): string {
  const known = Object.keys(node.properties ?? {})
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
}

function expected(node: SchemaNode): string {
  if (node.const !== undefined) return String(node.const)
  if (node.enum !== undefined) return node.enum.join(' or ')
  if (node.minLength !== undefined) return 'text that is not empty'
  return TYPES[node.type ?? ''] ?? 'something else'
}

function found(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (typeof value === 'string') return `"${printable(value)}"`
  if (typeof value === 'object') return Array.isArray(value) ? 'a list' : 'keys with values'
  return String(value)
}

/** Short, and without control characters that would break the line. */
function printable(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text
  return JSON.stringify(short).slice(1, -1)
}

/** What the schema cannot say: sound URIs, and no name twice. */
function realmFaults(config: Config): Fault[] {
  const faults: Fault[] = []
  const realms = unique(faults)
  for (const [r, { name, options, roles }] of config.realms.entries()) {
    const realm = ['realms', r]
    if (!isUri(name, 'loose')) {
      faults.push({ path: [...realm, 'name'], text: `"${printable(name)}" is not a URI` })
    }
    realms(name, [...realm, 'name'], 'realm of this name')
    const names = unique(faults)
    for (const [o, role] of roles.entries()) {
      const path = [...realm, 'roles', o]
      names(role.name, [...path, 'name'], 'role of this name in the realm')
      const rules = unique(faults)
      for (const [p, { uri, match }] of role.permissions.entries()) {
        const at = [...path, 'permissions', p, 'uri']
        if (!isPattern(uri, match, options.uri_check)) {
          const kind = match === 'exact' ? 'URI' : `${match} pattern`
          const text = `"${printable(uri)}" is not a ${options.uri_check} ${kind}`
          faults.push({ path: at, text })
        }
        rules(`${match} ${uri}`, at, `${match} rule for this URI in the role`)
      }
    }
  }
  return faults
}

/** A function that notes a fault for each key that it gets a second time. */
function unique(faults: Fault[]): (key: string, path: Path, what: string) => void {
  const first = new Map<string, Path>()
  return (key, path, what) => {
    const before = first.get(key)
    if (before === undefined) first.set(key, path)
    else faults.push({ path, text: `second ${what}; the first is ${pathText(before)}` })
  }
}
