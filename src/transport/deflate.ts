import { constants, deflateRawSync } from 'node:zlib'
import type { PerMessageDeflateOptions } from 'ws'
import type { Compression } from '../base/compression.ts'

/** The bits of each window, and the memory level of zlib that goes with it. */
const BITS: Readonly<Record<Exclude<Compression, 'off'>, readonly [number, number]>> = {
  shared: [15, 8],
  '4KB': [12, 5],
  '8KB': [13, 6],
  '16KB': [14, 7],
  '32KB': [15, 8],
}

/**
 * What `ws` negotiates with a client that offers this (its Sec-WebSocket-Extensions). Clients compress
 * each message on its own, always.
 */
export function deflateOptions(
  compression: Compression,
  offer: string,
): PerMessageDeflateOptions | false {
  if (compression === 'off') return false
  const [serverMaxWindowBits, memLevel] = BITS[compression]
  // Who insists on a shorter window goes without: `ws` would refuse the whole handshake.
  const asked = [...offer.matchAll(/server_max_window_bits *= *"?(\d+)/g)]
  if (asked.some(([, bits]) => Number(bits) < serverMaxWindowBits)) return false
  if (compression === 'shared') {
    return { clientNoContextTakeover: true, serverNoContextTakeover: true }
  }
  return { clientNoContextTakeover: true, serverMaxWindowBits, zlibDeflateOptions: { memLevel } }
}

/** Frames and what they are when compressed; those that do not get shorter stay as they are. */
const known = new WeakMap<Uint8Array, Uint8Array>()
const compressed = new WeakSet<Uint8Array>()

/** A frame compressed on its own: once, however many receivers it has. */
export function deflated(frame: Uint8Array): Uint8Array {
  const before = known.get(frame)
  if (before !== undefined) return before
  const bytes = deflateRawSync(frame, { finishFlush: constants.Z_SYNC_FLUSH })
  const isShorter = bytes.length - TAIL < frame.length
  // What a flush ends with is left out (RFC 7692, 7.2.1).
  const result = isShorter ? bytes.subarray(0, bytes.length - TAIL) : frame
  if (isShorter) compressed.add(result)
  known.set(frame, result)
  return result
}

/** 00 00 FF FF. */
const TAIL = 4

/** It was made by deflated(). */
export function isDeflated(frame: Uint8Array): boolean {
  return compressed.has(frame)
}
