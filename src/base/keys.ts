import { totalmem } from 'node:os'
import Type, { type TProperties, type TSchema, type TUnsafe } from 'typebox'

/**
 * The words in which a configuration key is described. What is said where a key is declared gives its
 * type, its place in the JSON Schema, its default, its line in docs/configuration.md, and what a
 * reload does about it.
 */

/**
 * When a change of a key takes effect: `live` at once, on reload; `new` for connections that are opened
 * after the reload; `restart` only when wampd starts. A key in a list or object has its own
 * class, not that of its container.
 */
export type Reload = 'live' | 'new' | 'restart'

/** Keys that are not listed are refused. */
export const CLOSED = { additionalProperties: false } as const

/** What is said of a key besides its type: `text` becomes documentation. */
export function about<Default>(text: string, reload: Reload, fallback?: Default) {
  return { description: text, reload, ...(fallback === undefined ? {} : { default: fallback }) }
}

/** How a text with a unit is read; `pattern` is what JSON Schema says of it. */
interface Unit {
  readonly pattern: RegExp
  readonly expected: string
  /** What the units are worth: milliseconds, bytes, or times or bytes a second. */
  readonly worth: Readonly<Record<string, number>>
  /** The most that can be given, where a key says nothing else. */
  readonly maximum: number
}

const KB = 1024
const SIZES = { B: 1, KB, MB: KB * KB, GB: KB * KB * KB }
const DAY = 86_400_000

/** The units by the name that a key gives. */
export const UNITS: Readonly<Record<string, Unit>> = {
  duration: {
    pattern: /^(\d{1,9}(?:\.\d{1,3})?) ?(ms|s|m|h|d)$/,
    expected: 'a duration such as 500ms, 30s, 5m, 2h or 7d, or a number of milliseconds',
    worth: { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: DAY },
    // Node's timers count to 2 ** 31 - 1 ms, and fire at once beyond.
    maximum: 24 * DAY,
  },
  size: {
    pattern: /^(\d{1,12}(?:\.\d{1,3})?) ?(B|KB|MB|GB)$/,
    expected: 'a size such as 64KB, 1MB or 1.5GB, or a number of bytes',
    worth: SIZES,
    maximum: 1024 * KB * KB * KB,
  },
  memory: {
    pattern: /^(\d{1,12}(?:\.\d{1,3})?) ?(B|KB|MB|GB|%)$/,
    expected: 'a size such as 512MB, a share of all memory such as 80%, or a number of bytes',
    worth: { ...SIZES, '%': memoryOfMachine() / 100 },
    maximum: Number.MAX_SAFE_INTEGER,
  },
  rate: {
    pattern: /^(\d{1,9}(?:\.\d{1,3})?) ?(\/s|\/m|\/h)$/,
    expected: 'a rate such as 200/s or 10/m, or a number of times a second',
    worth: { '/s': 1, '/m': 1 / 60, '/h': 1 / 3600 },
    maximum: 1e9,
  },
  bandwidth: {
    pattern: /^(\d{1,12}(?:\.\d{1,3})?) ?(B|KB|MB|GB)\/s$/,
    expected: 'a bandwidth such as 64KB/s or 1MB/s, or a number of bytes a second',
    worth: { B: 1, KB, MB: KB * KB, GB: KB * KB * KB },
    maximum: 1024 * KB * KB * KB,
  },
}

type About = ReturnType<typeof about>
export type WithUnit = TUnsafe<number | string>

/** In ms, bytes, or times a second. */
interface Limits {
  readonly minimum?: number
  readonly maximum?: number
}

/** A key that takes a number or a text with a unit. */
function withUnit(unit: string, options: About & Limits): WithUnit {
  const { pattern, maximum } = UNITS[unit] as Unit
  return Type.Unsafe<number | string>({
    type: ['number', 'string'],
    pattern: pattern.source,
    minimum: 0,
    maximum,
    unit,
    ...options,
  })
}

/** A time: `30s`, or milliseconds. */
export const duration = (options: About & Limits): WithUnit => withUnit('duration', options)

/** A number of bytes: `1MB`, where a KB is 1,024 bytes. */
export const size = (options: About & Limits): WithUnit => withUnit('size', options)

/** A number of bytes, or keys of which that is one. */
export function sizeOr<Keys extends TProperties>(
  properties: Keys,
  options: About & Limits,
): TUnsafe<number | string | Type.Static<Type.TObject<Keys>>> {
  return Type.Unsafe({
    ...withUnit('size', options),
    type: ['number', 'string', 'object'],
    properties,
    ...CLOSED,
  })
}

/** How often: `200/s`. */
export const rate = (options: About & Limits): WithUnit => withUnit('rate', options)

/** Bytes a second: `1MB/s`. */
export const bandwidth = (options: About & Limits): WithUnit => withUnit('bandwidth', options)

/** A share of the memory that there is, or a number of bytes: `80%`. */
export const memory = (options: About & Limits): WithUnit => withUnit('memory', options)

/** Bytes that the process may have: those of its container, or of the machine. */
function memoryOfMachine(): number {
  const limit = process.constrainedMemory() ?? 0
  // Without a limit it is 0, or more than there is.
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem()
}

/** What a number or a text with a unit is worth, or undefined where it is none. */
export function worthOf(unit: string, input: number | string): number | undefined {
  const { pattern, worth } = UNITS[unit] as Unit
  const found = typeof input === 'number' ? ['', input] : pattern.exec(input)
  if (found === null) return undefined
  const value = Number(found[1]) * (worth[found[2] as string] ?? 1)
  // There are no halves of a byte or millisecond; a rate may be slower than once a second.
  return unit === 'rate' ? value : Math.round(value)
}

/**
 * The milliseconds of a duration that an application gives in code; a configuration's are numbers
 * already. Throws a TypeError.
 */
export function millisecondsOf(input: number | string): number {
  const worth = worthOf('duration', input)
  if (worth === undefined) throw new TypeError(`expected ${UNITS.duration?.expected}`)
  return worth
}

/** A key whose value is never printed. */
export const SECRET = { secret: true } as const

/** A key that names a file, relative to the file that it is written in. */
export const PATH = { path: true } as const

/** Keys of people's own choice, each with a value of the same form. */
export function named<Value extends TSchema>(value: Value, options: About) {
  // A plain record would not look at names that have a line break.
  return Type.Record(Type.String({ pattern: '^[\\s\\S]+$' }), value, { ...CLOSED, ...options })
}

/** A key of text that is not empty. */
export function name(options: About & { secret?: boolean; path?: boolean }) {
  return Type.String({ minLength: 1, ...options })
}
