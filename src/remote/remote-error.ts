import { printable } from '../config/problem.ts'
import type { Abort, Goodbye } from '../protocol/messages.ts'

/**
 * What kept a router from doing what was asked: `address`: the URL or another option cannot be used;
 * `unreachable`: there is no connection; `refused`: the router takes nobody like this in; `closed`: connection or
 * session are over; `timeout`: nothing came in time; `unsound`: what came is not what the protocol has there.
 */
type RemoteFault = 'address' | 'unreachable' | 'refused' | 'closed' | 'timeout' | 'unsound'

/** Why there is no connection or session, or none any more. The message is for people. */
export class RemoteError extends Error {
  override name = 'RemoteError'
  readonly fault: RemoteFault
  /** The router's word for it: the reason of ABORT or GOODBYE. */
  readonly uri: string | undefined

  constructor(fault: RemoteFault, text: string, uri?: string) {
    super(text)
    this.fault = fault
    this.uri = uri
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'names of hosts cannot be looked up at this time',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that host',
  ECONNRESET: 'it cut the connection off',
  EPIPE: 'it cut the connection off',
  ENOENT: 'there is no such socket',
  ENOTSOCK: 'there is no such socket',
  EACCES: 'no permission to use that socket',
  EPROTO: 'it does not speak TLS',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is one for other names',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed, and not known here',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is by an authority that is not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is by an authority that is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is by an authority that is not known here',
}

/** Why a connection could not be made, or has broken, from what Node or `ws` have thrown. */
export function whyBroken(error: Error): string {
  const { errors } = error as { errors?: Error[] }
  // A name with several addresses has an error for each, and no text of its own.
  const first = errors?.[0] ?? error
  const { code = '', message } = first as NodeJS.ErrnoException
  const [, status] = /^Unexpected server response: (\d+)$/.exec(message) ?? []
  if (status !== undefined)
    return `it answered with HTTP status ${status}, no WebSocket is served there`
  if (/subprotocol/i.test(message)) return 'it does not speak this serializer there'
  if (/^Parse Error|Invalid (?:Upgrade|Sec-WebSocket-Accept) header/.test(message)) {
    return 'it does not speak WebSocket'
  }
  return REASONS[code] ?? (message || code)
}

/** Why a router ends a session: its word, and what it says to people. */
export function wordsOf({ reason, details: { message } }: Abort | Goodbye): string {
  const more = typeof message === 'string' ? ` (${printable(message, 200)})` : ''
  return `${printable(reason, 200)}${more}`
}
