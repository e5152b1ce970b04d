import { isLoopbackName } from '../base/network.ts'
import type { Endpoint } from './transport.ts'

/** What an endpoint says of the pages that may use it. */
type Origins = Pick<Endpoint, 'allowedOrigins' | 'trustsHostNames'>

/**
 * Programs send no Origin and may come; a page may come from the host that it was loaded from,
 * from this machine, or from an origin on the list. Else any page that a user of this machine
 * opens could speak to the router on loopback. A page can also have its own host's name lead to
 * loopback (DNS rebinding), so a router for development takes such a host by address only.
 */
export function isOriginAllowed(origin: string, host: string, endpoint: Origins): boolean {
  const { allowedOrigins, trustsHostNames } = endpoint
  if (origin === '' || allowedOrigins.some(pattern => meets(origin, pattern))) return true
  const from = hostname(origin)
  if (from === undefined) return false
  if (isLoopbackName(from)) return true
  return from === hostname(`http://${host}`) && (trustsHostNames || ADDRESS.test(from))
}

const ADDRESS = /^(?:[\d.]+|\[.*\])$/

function hostname(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined
}

/** scheme://host:port, in which a pattern may begin its host with `*.` and have `*` for the port. */
const PARTS = /^([a-z][a-z0-9+.-]*:)\/\/(\*\.)?([^/*:[\]@?#\\\s]+)(:(?:\d+|\*))?$/i

/** `https://*.example.com` is met by all hosts below example.com, however deep, and not by itself. */
function meets(origin: string, pattern: string): boolean {
  if (pattern === '*' || pattern === origin) return true
  const one = PARTS.exec(origin.toLowerCase())
  const other = PARTS.exec(pattern.toLowerCase())
  if (one === null || other === null) return false
  const [, scheme, star, host = '', port] = one
  const [, wantedScheme, isWide, wantedHost = '', wantedPort] = other
  if (scheme !== wantedScheme || star !== undefined) return false
  if (wantedPort !== ':*' && portOf(scheme, port) !== portOf(scheme, wantedPort)) return false
  return isWide === undefined ? host === wantedHost : host.endsWith(`.${wantedHost}`)
}

const USUAL_PORTS: Record<string, string> = { 'http:': ':80', 'https:': ':443' }

/** Browsers leave the usual port out. */
function portOf(scheme = '', port: string | undefined): string | undefined {
  return port ?? USUAL_PORTS[scheme]
}
