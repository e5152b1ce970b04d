import Type, { type TUnsafe } from 'typebox'

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
  /** What the units are worth: milliseconds, bytes, or times a second. */
  readonly worth: Readonly<Record<string, number>>
}

const KB = 1024

/** The units by the name that a key gives. */
export const UNITS: Readonly<Record<string, Unit>> = {
  duration: {
    pattern: /^(\d{1,9}(?:\.\d{1,3})?) ?(ms|s|m|h|d)$/,
    expected: 'a duration such as 500ms, 30s, 5m, 2h or 7d, or a number of milliseconds',
    worth: { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 },
  },
  size: {
    pattern: /^(\d{1,12}(?:\.\d{1,3})?) ?(B|KB|MB|GB)$/,
    expected: 'a size such as 64KB, 1MB or 1.5GB, or a number of bytes',
    worth: { B: 1, KB, MB: KB * KB, GB: KB * KB * KB },
  },
  rate: {
    pattern: /^(\d{1,9}(?:\.\d{1,3})?) ?(\/s|\/m|\/h)$/,
    expected: 'a rate such as 200/s or 10/m, or a number of times a second',
    worth: { '/s': 1, '/m': 1 / 60, '/h': 1 / 3600 },
  },
}

type About = ReturnType<typeof about>
export type WithUnit = TUnsafe<number | string>

/** A key that takes a number or a text with a unit. `minimum` in ms, bytes, or times a second. */
function withUnit(unit: string, options: About & { minimum?: number }): WithUnit {
  const { pattern } = UNITS[unit] as Unit
  const { minimum = 0, ...rest } = options
  return Type.Unsafe<number | string>({
    type: ['number', 'string'],
    pattern: pattern.source,
    minimum,
    unit,
    ...rest,
  })
}

/** A time: `30s`, or milliseconds. */
export const duration = (options: About & { minimum?: number }): WithUnit =>
  withUnit('duration', options)

/** A number of bytes: `1MB`, where a KB is 1,024 bytes. */
export const size = (options: About & { minimum?: number }): WithUnit => withUnit('size', options)

/** How often: `200/s`. */
export const rate = (options: About & { minimum?: number }): WithUnit => withUnit('rate', options)

/** What a text with a unit is worth, or undefined where it is none. */
export function worthOf(unit: string, text: string): number | undefined {
  const { pattern, worth } = UNITS[unit] as Unit
  const found = pattern.exec(text)
  if (found === null) return undefined
  return Number(found[1]) * (worth[found[2] as string] as number)
}

/** A key whose value is never printed. */
export const SECRET = { secret: true } as const

/** A key that names a file, relative to the file that it is written in. */
export const PATH = { path: true } as const

/** A key of text that is not empty. */
export function name(options: About & { secret?: boolean; path?: boolean }) {
  return Type.String({ minLength: 1, ...options })
}
