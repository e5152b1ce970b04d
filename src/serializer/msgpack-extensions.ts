/**
 * The same values without extension types, which neither JSON nor CBOR can tell and whose decoders
 * a peer has no business to reach: a timestamp (type -1) becomes an RFC 3339 string, type 0 of one
 * zero byte (how JavaScript encoders write `undefined`) becomes nil, every other the bytes it holds.
 * `bytes` must be sound MessagePack. Gives `bytes` itself where there is nothing to do.
 */
export function withoutExtensions(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let copied = 0
  let at = 0
  while (at < bytes.length) {
    const c = bytes[at] as number
    const extension = extensionAt(view, at, c)
    if (extension === undefined) {
      at += sizeOf(view, at, c)
      continue
    }
    const { from, to } = extension
    parts.push(
      bytes.subarray(copied, at),
      converted(view, bytes.subarray(from, to), view.getInt8(from - 1)),
    )
    at = to
    copied = to
  }
  if (copied === 0) return bytes
  parts.push(bytes.subarray(copied))
  return Buffer.concat(parts)
}

/** Where the data of the extension at `at` lies, if there is one. The byte before is its type. */
function extensionAt(
  view: DataView,
  at: number,
  c: number,
): { from: number; to: number } | undefined {
  if (c >= 0xd4 && c <= 0xd8) return { from: at + 2, to: at + 2 + (1 << (c - 0xd4)) }
  if (c === 0xc7) return { from: at + 3, to: at + 3 + view.getUint8(at + 1) }
  if (c === 0xc8) return { from: at + 4, to: at + 4 + view.getUint16(at + 1) }
  if (c === 0xc9) return { from: at + 6, to: at + 6 + view.getUint32(at + 1) }
  return undefined
}

/** Bytes of the value at `at`; of a list or dict, those of its header. */
function sizeOf(view: DataView, at: number, c: number): number {
  if (c >= 0xa0 && c <= 0xbf) return 1 + (c & 31)
  if (c === 0xc4 || c === 0xd9) return 2 + view.getUint8(at + 1)
  if (c === 0xc5 || c === 0xda) return 3 + view.getUint16(at + 1)
  if (c === 0xc6 || c === 0xdb) return 5 + view.getUint32(at + 1)
  if (c === 0xca) return 5
  if (c === 0xcb) return 9
  if (c >= 0xcc && c <= 0xcf) return 1 + (1 << (c - 0xcc))
  if (c >= 0xd0 && c <= 0xd3) return 1 + (1 << (c - 0xd0))
  if (c === 0xdc || c === 0xde) return 3
  if (c === 0xdd || c === 0xdf) return 5
  return 1
}

function converted(view: DataView, data: Uint8Array, type: number): Uint8Array {
  if (type === 0 && data.length === 1 && data[0] === 0) return NIL
  const time = type === -1 ? timestamp(view, data) : undefined
  if (time !== undefined) return withHeader(0xd9, Buffer.from(time))
  return withHeader(0xc4, data)
}

const NIL = Uint8Array.of(0xc0)

/** The data behind the header of a str or bin; `short` is the type byte for a length of one byte. */
function withHeader(short: number, data: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(data.length + 5)
  const wide = data.length > 0xffff ? 2 : data.length > 0xff ? 1 : 0
  const size = 1 << wide
  bytes[0] = short + wide
  bytes.writeUIntBE(data.length, 1, size)
  bytes.set(data, 1 + size)
  return bytes.subarray(0, 1 + size + data.length)
}

/** A timestamp of 32, 64 or 96 bits (MessagePack specification, "Timestamp extension type"). */
function timestamp(view: DataView, data: Uint8Array): string | undefined {
  const at = data.byteOffset - view.byteOffset
  let seconds: number
  let nanoseconds = 0
  if (data.length === 4) seconds = view.getUint32(at)
  else if (data.length === 8) {
    const high = view.getUint32(at)
    nanoseconds = Math.floor(high / 4)
    seconds = (high % 4) * 4294967296 + view.getUint32(at + 4)
  } else if (data.length === 12) {
    nanoseconds = view.getUint32(at)
    seconds = Number(view.getBigInt64(at + 4))
  } else return undefined
  const date = new Date(seconds * 1000)
  if (Number.isNaN(date.getTime()) || nanoseconds > 999999999) return undefined
  const fraction = String(nanoseconds)
    .padStart(9, '0')
    .replace(/0{0,6}$/, '')
  return date.toISOString().replace(/\.\d+Z$/, `.${fraction}Z`)
}
