import { PayloadError } from '../protocol/errors.ts'
import type { Dict } from '../protocol/payload.ts'

/**
 * What the binary decoders gave, as the router's values: dicts are plain objects (a key named
 * `__proto__` is a key like any other), bytes are copies, integers beyond 2^53 are bigints.
 */
export function fromBinary(value: unknown): unknown {
  if (value === undefined) return null
  if (typeof value === 'bigint') return narrow(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (Array.isArray(value)) return value.map(fromBinary)
  const dict: Dict = {}
  for (const [key, item] of value as Map<unknown, unknown>) {
    setKey(dict, String(key), fromBinary(item))
  }
  return dict
}

/**
 * The router's values, as the binary encoders want them: dicts are Maps (an object with a key
 * `toJSON` or `constructor` would mislead them), whole numbers beyond 32 bits are bigints (else
 * they would be written as floats), strings have no lone surrogates.
 */
export function toBinary(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? value : value.toWellFormed()
    case 'number':
      return Number.isSafeInteger(value) && (value > 0xffffffff || value < -0x80000000)
        ? BigInt(value)
        : value
    case 'bigint':
      return fits64(value) ? value : Number(value)
    case 'boolean':
      return value
    case 'undefined':
      return null
    case 'object':
      break
    default:
      throw new PayloadError(`a ${typeof value} cannot be sent`)
  }
  if (value === null || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(toBinary)
  if (value instanceof Date) return value.toISOString()
  const map = new Map<unknown, unknown>()
  for (const key of Object.keys(value)) map.set(toBinary(key), toBinary((value as Dict)[key]))
  return map
}

/** What JSON.parse gave, with the strings that stand for bytes turned into bytes. */
export function fromJson(value: unknown): unknown {
  if (typeof value === 'string') return value.charCodeAt(0) === 0 ? bytesOf(value) : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(fromJson)
  const dict: Dict = {}
  for (const key of Object.keys(value)) setKey(dict, key, fromJson((value as Dict)[key]))
  return dict
}

/**
 * The router's values, as a JSON writer wants them. Bytes become U+0000 and Base64 (WAMP,
 * "Binary support in JSON"); NaN and the infinities, which JSON has no words for, become null.
 */
export function toJson(value: unknown): unknown {
  switch (typeof value) {
    case 'number':
      if (!Number.isFinite(value)) return null
      // JavaScript prints 2^63 as 9223372036854776000, which others read as just that.
      return isLongInteger(value) ? BigInt(value) : value
    case 'string':
    case 'boolean':
    case 'bigint':
      return value
    case 'undefined':
      return null
    case 'object':
      break
    default:
      throw new PayloadError(`a ${typeof value} cannot be sent`)
  }
  if (value === null) return value
  if (value instanceof Uint8Array) {
    return `\0${Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64')}`
  }
  if (Array.isArray(value)) return value.map(toJson)
  if (value instanceof Date) return value.toISOString()
  const dict: Dict = {}
  for (const key of Object.keys(value)) setKey(dict, key, toJson((value as Dict)[key]))
  return dict
}

/** Sets a key as plain data, `__proto__` included. */
function setKey(dict: Dict, key: string, value: unknown): void {
  if (key !== '__proto__') dict[key] = value
  else
    Object.defineProperty(dict, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
}

function narrow(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** A whole double beyond 2^53 that is printed in digits, without an exponent. */
function isLongInteger(value: number): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21
}

function fits64(value: bigint): boolean {
  return value >= -(2n ** 63n) && value < 2n ** 64n
}

const BASE64 = /^\0(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

function bytesOf(text: string): string | Uint8Array {
  return BASE64.test(text) ? new Uint8Array(Buffer.from(text.slice(1), 'base64')) : text
}

/** True of a dict without keys. */
export function isEmpty(dict: Dict): boolean {
  for (const _ in dict) return false
  return true
}
