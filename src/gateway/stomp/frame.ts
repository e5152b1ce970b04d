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

const NO_BODY = Buffer.from('\n\0')

/**
 * The bytes of a frame; `rest` is what follows these headers. Characters that the version has no way to
 * write are left out: NUL, and in 1.0 also those that end a header.
 */
export function encodeFrame(
  version: Version,
  command: string,
  headers: readonly Header[],
  rest: Uint8Array = NO_BODY,
): Uint8Array {
  return joined(`${command}\n${linesOf(headers, escapingOf(command, version))}`, rest)
}

/** The end of a frame: further headers and the body. Frames for several clients can share it. */
export function encodeRest(
  version: Version,
  headers: readonly Header[],
  body: Uint8Array,
): Uint8Array {
  const lines = linesOf(headers, version)
  if (body.length === 0) return joined(lines, NO_BODY)
  return joined(`${lines}content-length:${body.length}\n\n`, body, 1)
}

function linesOf(headers: readonly Header[], escaping: Version): string {
  let lines = ''
  for (const [name, value] of headers) {
    // A colon in a value does no harm in 1.0: the first one of the line ends the name.
    const own = escaping === '1.0' ? name.replaceAll(':', '') : name
    lines += `${escaped(own, escaping)}:${escaped(value, escaping)}\n`
  }
  return lines
}

/** A text, bytes, and so many NULs. */
function joined(text: string, bytes: Uint8Array, nuls = 0): Uint8Array {
  const size = Buffer.byteLength(text)
  const all = Buffer.allocUnsafe(size + bytes.length + nuls)
  all.write(text, 0)
  all.set(bytes, size)
  all.fill(0, size + bytes.length)
  return all
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
