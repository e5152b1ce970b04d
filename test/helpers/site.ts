import { Trusted } from '../../src/base/client-address.ts'
import type { Endpoint, Receiver, Site } from '../../src/transport/transport.ts'

const JSON_PROTOCOL = { binary: false, number: 1, isBatched: false, mediaType: 'application/json' }

/** A site without a router behind it: WebSockets at /ws, and RawSocket. */
export function siteOf(receiver: Partial<Receiver>, changes: Partial<Endpoint> = {}): Site {
  const nothing: Receiver = { bytes() {}, drained() {}, alive() {}, farewell() {}, closed() {} }
  const endpoint: Endpoint = {
    protocols: new Map([['wamp.2.json', JSON_PROTOCOL]]),
    maxMessageSize: 1000,
    allowedOrigins: [],
    trustsHostNames: true,
    enter: () => true,
    leave() {},
    open: () => ({ ...nothing, ...receiver }),
    ...changes,
  }
  return {
    isOpen: true,
    maxMessageSize: endpoint.maxMessageSize,
    maxSockets: 100,
    compression: 'off',
    compressionThreshold: 1024,
    handshakeTimeout: 10_000,
    trusted: new Trusted([]),
    count() {},
    paths: ['/ws'],
    websocket: path => (path === '/ws' ? endpoint : undefined),
    rawsocket: endpoint,
    stream: undefined,
    needsPort: false,
    handle: (_, response) => response.end('page'),
  }
}
