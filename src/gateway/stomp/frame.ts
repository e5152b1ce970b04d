/** The versions that are spoken, the newest first. */
export const VERSIONS = ['1.2', '1.1', '1.0'] as const
export type Version = (typeof VERSIONS)[number]

/** A frame as it was received. The body is valid only as long as the bytes that it came in. */
export interface Frame {
  readonly command: string
  /** Of a header that is repeated, the first value (STOMP 1.2, "Repeated Header Entries"). */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Uint8Array
}

export type Header = readonly [name: string, value: string]

/** These carry headers as they are, for clients of STOMP 1.0 (STOMP 1.2, "Value Encoding"). */
const UNESCAPED = ['CONNECT', 'STOMP', 'CONNECTED']

/** The characters that each version writes as escapes. */
const ESCAPES: Readonly<Record<Version, Readonly<Record<string, string>>>> = {
  '1.2': { '\\': '\\\\', '\r': '\\r', '\n': '\\n', ':': '\\c' },
  '1.1': { '\\': '\\\\', '\n': '\\n', ':': '\\c' },
  '1.0': {},
}

const READ: Readonly<Record<Version, ReadonlyMap<string, string>>> = {
  '1.2': reversed(ESCAPES['1.2']),
  '1.1': reversed(ESCAPES['1.1']),
  '1.0': new Map(),
}

/** How the headers of a frame are written, where `version` is spoken. */
export function escapingOf(command: string, version: Version): Version {
  return UNESCAPED.includes(command) ? '1.0' : version
}

/** The text that a header stands for; undefined where an escape is none of the version's. */
export function unescaped(text: string, version: Version): string | undefined {
  if (version === '1.0' || !text.includes('\\')) return text
  let isSound = true
  const found = text.replace(/\\.?/gs, sequence => {
    const meant = READ[version].get(sequence)
    if (meant === undefined) isSound = false
    return meant ?? ''
  })
  return isSound ? found : undefined
}

/**
 * The bytes of a frame. Characters that the version has no way to write are left out: NUL, and in
 * 1.0 also those that end a header.
 */
export function encodeFrame(
  version: Version,
  command: string,
  headers: Iterable<Header>,
  body?: Uint8Array,
): Uint8Array {
  const escaping = escapingOf(command, version)
  let head = `${command}\n`
  for (const [name, value] of headers) {
    // A colon in a value does no harm in 1.0: the first one of the line ends the name.
    const own = escaping === '1.0' ? name.replaceAll(':', '') : name
    head += `${escaped(own, escaping)}:${escaped(value, escaping)}\n`
  }
  if (body === undefined || body.length === 0) return Buffer.from(`${head}\n\0`)
  head += `content-length:${body.length}\n\n`
  const size = Buffer.byteLength(head)
  const bytes = Buffer.allocUnsafe(size + body.length + 1)
  bytes.write(head, 0)
  bytes.set(body, size)
  bytes[size + body.length] = 0
  return bytes
}

const SPECIAL = /[\0\\\r\n:]/
const EACH_SPECIAL = /[\0\\\r\n:]/g

function escaped(text: string, version: Version): string {
  if (!SPECIAL.test(text)) return text
  return text.replace(EACH_SPECIAL, one => {
    if (one === '\0') return ''
    if (version === '1.0') return one === '\r' || one === '\n' ? '' : one
    return ESCAPES[version][one] ?? one
  })
}

function reversed(escapes: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(escapes).map(([character, sequence]) => [sequence, character]))
}
