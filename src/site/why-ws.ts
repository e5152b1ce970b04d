import type { TlsFiles } from '../base/certificate.ts'
import { isWebSocketOnly, type Paths } from './services.ts'

/** What decides on the library that a port is served with. */
interface Demands {
  readonly tls?: TlsFiles | undefined
  readonly paths?: Paths | undefined
}

/** Why a port cannot be on uWebSockets.js; undefined where it can. */
export function whyWs({ tls, paths = {} }: Demands): string | undefined {
  if (tls?.ca !== undefined) {
    return 'uWebSockets.js does not hand on the certificates of clients: use ws with tls.ca'
  }
  if (!isWebSocketOnly(paths)) {
    // It does not tell how much of an answer waits for a slow reader.
    return 'on uWebSockets.js there are WebSockets only: use ws for other kinds of paths'
  }
  return undefined
}
