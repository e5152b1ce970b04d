/** A big number of more bytes than this stays bytes: printing it would take too long. */
const MAX_BIG_NUMBER = 128

/**
 * The same values without what only CBOR can tell: tags go (a typed array of RFC 8746, which
 * Autobahn|JS sends for a Uint8Array, becomes a byte string; a date its string or number), only
 * big numbers (tags 2 and 3) stay; strings in parts are joined; simple values that mean nothing
 * become null. So no peer reaches the decoder's own tags, shared references among them. Lengths of
 * strings in 64 bits, on which the decoder's native half stumbles, get 32.
 * `bytes` must be well-formed CBOR. Gives `bytes` itself where there is nothing to do.
 */
export function withoutTags(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  let copied = 0
  let at = 0
  const replace = (until: number, by: Uint8Array) => {
    parts.push(bytes.subarray(copied, at), by)
    at = until
    copied = until
  }
  while (at < bytes.length) {
    const c = bytes[at] as number
    const major = c >> 5
    if (major === 6) {
      const after = at + headSize(c)
      if (isBigNumber(bytes, at, after)) at = after
      else replace(after, NOTHING)
    } else if (c === 0x5f || c === 0x7f) joinChunks(bytes, at, replace)
    else if (c === 0x5b || c === 0x7b) {
      const from = at + headSize(c)
      const to = from + argumentAt(bytes, at)
      replace(to, withHead(c, [bytes.subarray(from, to)]))
    } else if (major === 2 || major === 3) at += headSize(c) + argumentAt(bytes, at)
    else if (c === 0xf8) replace(at + 2, NULL)
    else if (major === 7 && c < 0xf4) replace(at + 1, NULL)
    else at += headSize(c)
  }
  if (copied === 0) return bytes
  parts.push(bytes.subarray(copied))
  return Buffer.concat(parts)
}

const NOTHING = new Uint8Array(0)
const NULL = Uint8Array.of(0xf6)

function isBigNumber(bytes: Uint8Array, tagAt: number, at: number): boolean {
  const tag = argumentAt(bytes, tagAt)
  const c = bytes[at] as number
  if ((tag !== 2 && tag !== 3) || c >> 5 !== 2 || c === 0x5f) return false
  return argumentAt(bytes, at) <= MAX_BIG_NUMBER
}

function joinChunks(
  bytes: Uint8Array,
  start: number,
  replace: (until: number, by: Uint8Array) => void,
): void {
  const chunks: Uint8Array[] = []
  let at = start + 1
  while (bytes[at] !== 0xff) {
    const from = at + headSize(bytes[at] as number)
    const to = from + argumentAt(bytes, at)
    chunks.push(bytes.subarray(from, to))
    at = to
  }
  replace(at + 1, withHead(bytes[start] as number, chunks))
}

/** A string of the type of `c`, its length written in 32 bits. */
function withHead(c: number, chunks: Uint8Array[]): Uint8Array {
  const head = Buffer.alloc(5)
  head[0] = (c & 0xe0) | 26
  const string = Buffer.concat([head, ...chunks])
  string.writeUInt32BE(string.length - head.length, 1)
  return string
}

/** Bytes of an item's first byte and its argument. */
function headSize(c: number): number {
  const info = c & 31
  return info >= 24 && info < 28 ? 1 + (1 << (info - 24)) : 1
}

function argumentAt(bytes: Uint8Array, at: number): number {
  const c = bytes[at] as number
  const size = headSize(c) - 1
  if (size === 0) return c & 31
  let value = 0
  for (let i = at + 1; i <= at + size; i++) value = value * 256 + (bytes[i] as number)
  return value
}
