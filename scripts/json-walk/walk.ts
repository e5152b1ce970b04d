/**
 * The walk over a JSON value as WebAssembly: AssemblyScript, which `npm run json-walk` compiles into
 * src/serializer/json-walk-bytes.ts. It says yes to what JsonReader's own walk, the plain one, says yes
 * to, and to nothing else. Steps take a place in memory and give the place behind what they step over,
 * or 0 where that is unsound.
 *
 * The first bytes of the memory are a stack of the brackets that are due. Behind them lies the frame,
 * and a zero byte, at which every step stops: so none of them looks for the end. What a step of 16
 * bytes sees beyond that byte does not count.
 */

const TAB: u32 = 9
const NEWLINE: u32 = 10
const RETURN: u32 = 13
const SPACE: u32 = 32
const QUOTE: u32 = 34
const PLUS: u32 = 43
const COMMA: u32 = 44
const MINUS: u32 = 45
const POINT: u32 = 46
const SLASH: u32 = 47
const ZERO: u32 = 48
const COLON: u32 = 58
const LIST: u32 = 91
const BACKSLASH: u32 = 92
const DICT: u32 = 123
const DICT_END: u32 = 125

/** Four letters as one little-endian number. */
const TRUE: u32 = 0x65757274
const ALSE: u32 = 0x65736c61
const NULL: u32 = 0x6c6c756e

/** As in serializer.ts and json-reader.ts. */
const MAX_DEPTH: u32 = 256
const MAX_NUMBER: u32 = 1024

/** Steps over the value that begins at `at` and does not lie in another. */
export function walk(at: u32): u32 {
  let depth: u32 = 0
  do {
    at = blanks(at)
    const first = byte(at)
    if (first === LIST || first === DICT) {
      if (depth === MAX_DEPTH) return 0
      const end = first + 2
      at = blanks(at + 1)
      if (byte(at) !== end) {
        store<u8>(depth++, end)
        if (first === DICT) at = key(at)
        if (at === 0) return 0
        continue
      }
      at++
    } else {
      at = scalar(at, first)
      if (at === 0) return 0
    }
    // Here a value is over, and maybe those around it are.
    while (depth > 0) {
      at = blanks(at)
      const end = byte(depth - 1)
      const next = byte(at++)
      if (next === COMMA) {
        if (end === DICT_END) at = key(blanks(at))
        if (at === 0) return 0
        break
      }
      if (next !== end) return 0
      depth--
    }
  } while (depth > 0)
  return at
}

function byte(at: u32): u32 {
  return load<u8>(at)
}

function blanks(at: u32): u32 {
  while (true) {
    const c = byte(at)
    if (c > SPACE) return at
    if (c !== SPACE && c !== NEWLINE && c !== RETURN && c !== TAB) return at
    at++
  }
}

/** Steps over a key and its colon. */
function key(at: u32): u32 {
  if (byte(at) !== QUOTE) return 0
  at = string(at)
  if (at === 0) return 0
  at = blanks(at)
  return byte(at) === COLON ? at + 1 : 0
}

/** Steps over a value that holds no others. */
function scalar(at: u32, first: u32): u32 {
  if (first === QUOTE) return string(at)
  if (first === 116) return load<u32>(at) === TRUE ? at + 4 : 0
  if (first === 102) return load<u32>(at + 1) === ALSE ? at + 5 : 0
  if (first === 110) return load<u32>(at) === NULL ? at + 4 : 0
  return number(at)
}

function string(at: u32): u32 {
  at++
  while (true) {
    const bytes = v128.load(at)
    const quotes = i8x16.eq(bytes, i8x16.splat(34))
    const escapes = i8x16.eq(bytes, i8x16.splat(92))
    const controls = i8x16.lt_u(bytes, i8x16.splat(32))
    const stops = i8x16.bitmask(v128.or(v128.or(quotes, escapes), controls))
    if (stops === 0) {
      at += 16
      continue
    }
    at += ctz(stops)
    const stop = byte(at)
    if (stop === QUOTE) return at + 1
    if (stop !== BACKSLASH) return 0
    at = escaped(at + 1)
    if (at === 0) return 0
  }
}

/** Steps over what follows a backslash. */
function escaped(at: u32): u32 {
  switch (byte(at)) {
    case QUOTE:
    case BACKSLASH:
    case SLASH:
    case 98: // b f n r t
    case 102:
    case 110:
    case 114:
    case 116:
      return at + 1
    case 117: // u
      for (let i: u32 = 1; i < 5; i++) if (!isHex(byte(at + i))) return 0
      return at + 5
    default:
      return 0
  }
}

function number(from: u32): u32 {
  let at = from
  if (byte(at) === MINUS) at++
  at = byte(at) === ZERO ? at + 1 : digits(at)
  if (at === 0) return 0
  if (byte(at) === POINT) at = digits(at + 1)
  if (at === 0) return 0
  if ((byte(at) | 32) === 101) {
    const sign = byte(++at)
    at = digits(sign === PLUS || sign === MINUS ? at + 1 : at)
    if (at === 0) return 0
  }
  return at - from > MAX_NUMBER ? 0 : at
}

function digits(from: u32): u32 {
  let at = from
  while (isDigit(byte(at))) at++
  return at === from ? 0 : at
}

function isDigit(c: u32): bool {
  return c - 48 < 10
}

function isHex(c: u32): bool {
  return isDigit(c) || (c | 32) - 97 < 6
}
