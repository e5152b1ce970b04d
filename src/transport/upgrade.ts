import { isOriginAllowed } from './allowed-origin.ts'
import type { Endpoint, Site } from './transport.ts'

/** A WebSocket handshake, as both transports see it. Absent headers are empty. */
export interface UpgradeRequest {
  path: string
  protocols: string
  origin: string
  host: string
  version: string
}

export type UpgradeAnswer =
  | { endpoint: Endpoint; protocol: string }
  | { status: string; text: string; headers?: Record<string, string> }

/**
 * Accepts or refuses a handshake. The first of the client's subprotocols that is on offer wins;
 * without one the upgrade is refused, so that nobody holds a socket that cannot speak.
 */
export function answerUpgrade(request: UpgradeRequest, site: Site): UpgradeAnswer {
  // A connection that was accepted just before the port was closed.
  if (!site.isOpen) return refusal('503 Service Unavailable', 'the router is going down')
  const endpoint = site.websocket(request.path)
  if (endpoint === undefined) {
    site.count('refused_paths')
    const others = site.paths.filter(path => site.websocket(path) !== undefined)
    return refusal('404 Not Found', `no WebSocket here; try ${others.join(' or ')}`)
  }
  if (request.version !== '13') {
    site.count('bad_handshakes')
    return {
      ...refusal('426 Upgrade Required', 'this server speaks WebSocket version 13'),
      headers: { 'Sec-WebSocket-Version': '13' },
    }
  }
  if (!isOriginAllowed(request.origin, request.host, endpoint)) {
    site.count('refused_origins')
    return refusal('403 Forbidden', `origin ${printable(request.origin)} may not connect here`)
  }
  const offered = request.protocols.split(',').map(name => name.trim())
  const protocol = offered.find(name => endpoint.protocols.has(name))
  if (protocol !== undefined) return { endpoint, protocol }
  site.count('refused_protocols')
  const ours = [...endpoint.protocols.keys()].join(', ')
  return refusal(
    '400 Bad Request',
    request.protocols === ''
      ? `no WebSocket subprotocol was offered; offer one of ${ours}`
      : `none of the subprotocols offered is spoken here; offer one of ${ours}`,
  )
}

function refusal(status: string, text: string): { status: string; text: string } {
  return { status, text: `${text}\n` }
}

function printable(text: string): string {
  return JSON.stringify(text.slice(0, 200))
}
