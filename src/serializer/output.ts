const CHUNK = 1 << 16

let buffer = Buffer.allocUnsafeSlow(CHUNK)
/** The same memory: a plain array's subarray() costs a third of a Buffer's. */
let bytes = new Uint8Array(buffer.buffer)
let start = 0
let at = 0

/**
 * Where all serializers write. Messages lie one after another in chunks that are given up when
 * full and never written to again: a transport may keep a finished frame as long as it likes.
 */
export function begin(): void {
  start = at
}

/** The message written since begin(). */
export function finish(): Uint8Array {
  return bytes.subarray(start, at)
}

function room(count: number): void {
  if (at + count <= bytes.length) return
  const used = at - start
  const next = Buffer.allocUnsafeSlow(Math.max(CHUNK, (used + count) * 2))
  buffer.copy(next, 0, start, at)
  buffer = next
  bytes = new Uint8Array(buffer.buffer)
  start = 0
  at = used
}

export function byte(value: number): void {
  if (at === bytes.length) room(1)
  bytes[at++] = value
}

/** Copies source[from..to). A loop beats the native copy below about a hundred bytes. */
export function copy(source: Uint8Array, from: number, to: number): void {
  const count = to - from
  room(count)
  if (count < 96) {
    for (let i = from; i < to; i++) bytes[at++] = source[i] as number
  } else {
    bytes.set(source.subarray(from, to), at)
    at += count
  }
}

/** `value` as a big-endian unsigned integer of 1, 2, 4 or 8 bytes. */
export function bigEndian(value: number, size: number): void {
  room(size)
  let rest = value
  for (let i = at + size - 1; i >= at; i--) {
    const high = Math.floor(rest / 256)
    bytes[i] = rest - high * 256
    rest = high
  }
  at += size
}

/** `value` in decimal digits. */
export function decimal(value: number): void {
  let digits = 1
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++
  room(digits)
  let rest = value
  for (let i = at + digits - 1; i >= at; i--) {
    const high = rest < 0x40000000 ? (rest / 10) | 0 : Math.floor(rest / 10)
    bytes[i] = 48 + rest - high * 10
    rest = high
  }
  at += digits
}

/** A string as UTF-8; lone surrogates become U+FFFD. */
export function utf8(text: string): void {
  room(text.length * 3)
  at += buffer.write(text, at)
}

/** A string of ASCII characters only. */
export function ascii(text: string): void {
  room(text.length)
  for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i)
}
