import { isIP } from 'node:net'
import { plainAddress } from '../base/client-address.ts'

/**
 * How a header of the PROXY protocol reads, versions 1 and 2, by the bytes that are there:
 * `more` are needed; it is unsound; or it takes `length` bytes and names the client's address,
 * if it names one (it does not where the proxy speaks for itself, or does not know).
 */
export type ProxyHeader =
  | 'more'
  | 'unsound'
  | { readonly length: number; readonly address: string | undefined }

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const V1 = Buffer.from('PROXY ', 'latin1')
/** A line of version 1 with its end (PROXY protocol, 2.1). */
const MAX_LINE = 107
/** What version 2 may have behind its first 16 bytes: addresses, and extensions that nobody reads. */
const MAX_REST = 4096

/** Reads the header that a connection begins with. */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  if (startsLike(bytes, SIGNATURE)) return bytes.length < 16 ? 'more' : readBinary(bytes)
  if (startsLike(bytes, V1)) return readLine(bytes)
  return 'unsound'
}

function startsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length)
  return bytes.subarray(0, length).equals(start.subarray(0, length))
}

/** PROXY TCP4 192.0.2.1 192.0.2.9 56324 443 (2.1). */
function readLine(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, MAX_LINE).indexOf('\r\n')
  if (end < 0) return bytes.length < MAX_LINE ? 'more' : 'unsound'
  const length = end + 2
  const [, kind, source = '', target = '', ...ports] = bytes.toString('latin1', 0, end).split(' ')
  // The rest of such a line is not to be read.
  if (kind === 'UNKNOWN') return { length, address: undefined }
  const family = kind === 'TCP4' ? 4 : kind === 'TCP6' ? 6 : undefined
  const isSound = isIP(source) === family && isIP(target) === family && !source.includes('%')
  if (!isSound || ports.length !== 2 || !ports.every(isPort)) return 'unsound'
  return { length, address: plainAddress(source) }
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65535
}

/** Signature, version and command, family and protocol, length, addresses, extensions (2.2). */
function readBinary(bytes: Buffer): ProxyHeader {
  const [versionAndCommand = 0, kind = 0] = bytes.subarray(12, 14)
  const rest = bytes.readUInt16BE(14)
  if (versionAndCommand >> 4 !== 2 || rest > MAX_REST) return 'unsound'
  const length = 16 + rest
  const command = versionAndCommand & 15
  if (command > 1) return 'unsound'
  if (bytes.length < length) return 'more'
  // LOCAL: the proxy itself, to see whether somebody is there.
  if (command === 0) return { length, address: undefined }
  if (kind === TCP4) return rest < 12 ? 'unsound' : { length, address: ipv4(bytes) }
  if (kind === TCP6) return rest < 36 ? 'unsound' : { length, address: ipv6(bytes) }
  return { length, address: undefined }
}

const TCP4 = 0x11
const TCP6 = 0x21

function ipv4(bytes: Buffer): string {
  return bytes.subarray(16, 20).join('.')
}

function ipv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(16 + 2 * i).toString(16))
  const text = groups.join(':')
  const isMapped = text.startsWith('0:0:0:0:0:ffff:')
  // As others write it: `::1`.
  return isMapped
    ? bytes.subarray(28, 32).join('.')
    : new URL(`http://[${text}]`).hostname.slice(1, -1)
}
