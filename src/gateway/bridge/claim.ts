import { createHash } from 'node:crypto'
import { AUTHENTICATION_DENIED } from '../../protocol/errors.ts'
import { Problem } from './problem.ts'

/** Who a request says that it comes from. */
export type Claim =
  | { readonly kind: 'none' }
  /** A token, or what else the methods `ticket` and `wampcra` take as a proof. */
  | { readonly kind: 'passcode'; readonly authid: string | undefined; readonly passcode: string }
  | ({ readonly kind: 'signed' } & Signed)

/** A request with a signature of its own. */
export interface Signed {
  readonly authid: string
  /** Seconds since 1970, in digits. */
  readonly timestamp: string
  readonly nonce: string
  /** Base64. */
  readonly signature: string
}

/** The scheme of signed requests. */
export const SIGNED = 'WAMP-HMAC-SHA256'

/** Reads the header Authorization. `authid` is that of the query. Throws Problem. */
export function claimIn(header: string | undefined, authid: string | undefined): Claim {
  if (header === undefined) {
    if (authid !== undefined) throw unsound('authid without Authorization')
    return { kind: 'none' }
  }
  // Node takes the bytes of headers for Latin-1.
  const text = Buffer.from(header, 'latin1').toString()
  const [, scheme = '', rest = ''] = /^([\w-]+) +(.*)$/s.exec(text) ?? []
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return { kind: 'passcode', authid, passcode: rest.trim() }
    case 'basic':
      return basic(rest.trim())
    case SIGNED.toLowerCase():
      return signed(rest)
    default:
      throw unsound(`Authorization has none of the schemes Bearer, Basic, ${SIGNED}`)
  }
}

/** (RFC 7617.) */
function basic(credentials: string): Claim {
  const text = Buffer.from(credentials, 'base64').toString()
  const colon = text.indexOf(':')
  if (colon < 1) throw unsound('Basic is no AUTHID:TICKET in base64')
  return { kind: 'passcode', authid: text.slice(0, colon), passcode: text.slice(colon + 1) }
}

const PARAMETER = /^\s*(\w+)="([^"\\]{1,256})"\s*$/

function signed(rest: string): Claim {
  const found = new Map<string, string>()
  for (const part of rest.split(',')) {
    const [, name = '', value = ''] = PARAMETER.exec(part) ?? []
    if (found.has(name)) throw unsound(`${SIGNED}: ${name} twice`)
    found.set(name, value)
  }
  const { authid, timestamp, nonce, signature } = Object.fromEntries(found)
  const isWhole = found.size === 4 && authid && timestamp && nonce && signature
  if (!isWhole || !/^\d{1,12}$/.test(timestamp)) {
    throw unsound(`${SIGNED} has authid="…", timestamp="SECONDS", nonce="…", signature="…"`)
  }
  return { kind: 'signed', authid, timestamp, nonce, signature }
}

/** What is signed: a line each for method, path with query, time, nonce and the body's hash. */
export function signedText(
  method: string,
  target: string,
  { timestamp, nonce }: Signed,
  body: Uint8Array,
): string {
  const hash = createHash('sha256').update(body).digest('hex')
  return [method, target, timestamp, nonce, hash].join('\n')
}

function unsound(text: string): Problem {
  return new Problem(AUTHENTICATION_DENIED, text)
}
