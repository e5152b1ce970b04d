import type { TlsFiles } from '../base/certificate.ts'
import type { Compression } from '../base/compression.ts'
import { isWebSocketOnly, type Paths } from './services.ts'

/** What decides on the library that a port is served with. */
interface Demands {
  readonly tls?: TlsFiles | undefined
  readonly paths?: Paths | undefined
  readonly rawsocket?: boolean | undefined
  readonly proxyProtocol?: boolean | undefined
  readonly socket?: object | undefined
  readonly compression?: Compression | undefined
}

/** Why a port cannot be on uWebSockets.js; undefined where it can. */
export function whyWs(demands: Demands): string | undefined {
  const { tls, paths = {}, rawsocket, proxyProtocol, socket, compression = 'off' } = demands
  if (tls?.ca !== undefined) {
    return 'uWebSockets.js does not hand on the certificates of clients: use ws with tls.ca'
  }
  if (rawsocket) return 'uWebSockets.js speaks HTTP only: use ws for RawSocket on the same port'
  if (proxyProtocol) {
    // It takes headers of version 2 from everybody, and does without just as well.
    return 'uWebSockets.js cannot insist on PROXY headers: use ws for them'
  }
  if (socket !== undefined)
    return 'on uWebSockets.js there are no modes of files: use ws for unix sockets'
  if (compression !== 'off' && compression !== 'shared') {
    // All that can be chosen have been measured: they take the same memory, and save as little.
    return 'on uWebSockets.js all windows are the smallest: use ws for compression with a window'
  }
  if (!isWebSocketOnly(paths)) {
    // It does not tell how much of an answer waits for a slow reader.
    return 'on uWebSockets.js there are WebSockets only: use ws for other kinds of paths'
  }
  return undefined
}
