import { readFileSync } from 'node:fs'
import { certificateFault, type TlsFiles } from '../base/certificate.ts'
import { isAddressOrNetwork } from '../base/client-address.ts'
import { whyUnread } from '../base/why-unread.ts'
import { keysOf, kindOf } from '../site/services.ts'
import { whyWs } from '../site/why-ws.ts'
import { nearest } from './nearest.ts'
import { asWritten, valueAt } from './node.ts'
import { type Fault, type Path, printable, unique } from './problem.ts'
import type { Config, TransportConfig } from './schema.ts'
import { DEFAULT_PATH } from './transport-keys.ts'
import { waysIn } from './ways-in.ts'

/** What is wrong with the transports, by themselves and with what they name. */
export function transportFaults(
  { realms, authenticators, transports }: Config,
  written: unknown,
): Fault[] {
  const faults: Fault[] = []
  const isFirst = unique(faults, 'transport of this id')
  const sources = new Map(Object.keys(authenticators).map(name => [name, printable(name)]))
  const joinable = new Map(
    realms.map(({ name }, r) => [name, asWritten(written, ['realms', r, 'name'], name)]),
  )
  const known = (names: readonly string[], path: Path, all: ReadonlyMap<string, string>) =>
    unknownNames(names, path, all, written)
  for (const [t, transport] of transports.entries()) {
    const { id, tls, endpoint, options } = transport
    const at = ['transports', t]
    isFirst(id, [...at, 'id'])
    faults.push(...known(transport.auth, [...at, 'auth'], sources))
    faults.push(...known(transport.realms ?? [], [...at, 'realms'], joinable))
    const isGiven = (...key: string[]) => valueAt(written, [...at, ...key]) !== undefined
    faults.push(...pathFaults(transport, at), ...keyFaults(transport, at, isGiven))
    for (const { path: below, auth, realms, realm } of waysIn(transport)) {
      if (realm !== undefined) {
        faults.push(...realmFaults(realm, realms, [...at, ...below, 'realm'], joinable, written))
      }
      if (below.length === 0) continue
      faults.push(...known(auth, [...at, ...below, 'auth'], sources))
      faults.push(...known(realms ?? [], [...at, ...below, 'realms'], joinable))
    }
    const other = transports.slice(0, t).findIndex(one => collide(one.endpoint, endpoint))
    if (other >= 0) {
      const what = endpoint.path === undefined ? 'port' : 'path'
      const path = [...at, 'endpoint', what]
      faults.push({ path, text: `the ${what} is also that of`, other: ['transports', other] })
    }
    for (const [p, proxy] of transport.trusted_proxies.entries()) {
      if (isAddressOrNetwork(proxy)) continue
      const text = 'expected an address, a network such as 10.0.0.0/8, or unix'
      faults.push({ path: [...at, 'trusted_proxies', p], text })
    }
    const reason = reasonForWs(transport)
    if (reason !== undefined && options.backend === 'uws') {
      faults.push({ path: [...at, 'options', 'backend'], text: reason })
    }
    for (const { path: below, auth } of tls?.ca === undefined ? waysIn(transport) : []) {
      for (const [a, name] of auth.entries()) {
        if (authenticators[name]?.tls === undefined) continue
        const text = 'its method tls needs tls.ca of this transport'
        faults.push({ path: [...at, ...below, 'auth', a], text })
      }
    }
    if (tls !== undefined) faults.push(...allTlsFaults(tls, [...at, 'tls']))
  }
  return faults
}

/** Why a transport cannot be on uWebSockets.js. */
function reasonForWs({
  type,
  tls,
  paths,
  endpoint,
  options,
  ...keys
}: TransportConfig): string | undefined {
  if (type === 'rawsocket' || type === 'stomp') return 'uWebSockets.js speaks HTTP only'
  const { rawsocket, proxy_protocol: proxyProtocol } = keys
  const socket = endpoint.path === undefined ? undefined : endpoint
  const { compression } = options
  return whyWs({ tls, paths, rawsocket, proxyProtocol, socket, compression })
}

/** Keys that need others, or go against them. `isGiven`: the key is written, and no default. */
function keyFaults(
  { type, rawsocket, endpoint, ...keys }: TransportConfig,
  at: Path,
  isGiven: (...key: string[]) => boolean,
): Fault[] {
  const faults: Fault[] = []
  if (type === 'stomp' && isGiven('serializers')) {
    const text = 'is for WAMP: STOMP has none'
    faults.push({ path: [...at, 'serializers'], atKey: true, text, isIdle: true })
  }
  if ((type === 'rawsocket' || type === 'stomp') && isGiven('allowed_origins')) {
    const text = 'is for WebSockets and HTTP: no page can connect here'
    faults.push({ path: [...at, 'allowed_origins'], atKey: true, text, isIdle: true })
  }
  for (const name of endpoint.path === undefined ? [] : ['interface', 'port']) {
    if (!isGiven('endpoint', name)) continue
    const text = 'goes against path: a unix socket has none'
    faults.push({ path: [...at, 'endpoint', name], atKey: true, text, isIdle: true })
  }
  if (rawsocket && type !== 'web') {
    const text = 'is for transports of type web'
    faults.push({ path: [...at, 'rawsocket'], atKey: true, text })
  }
  if (keys.options.compression !== 'off' && (type === 'rawsocket' || type === 'stomp')) {
    const text = 'is for WebSockets: these have no compression'
    faults.push({ path: [...at, 'options', 'compression'], atKey: true, text })
  }
  if (keys.realm !== undefined && type !== 'stomp') {
    const text = 'is for transports of type stomp'
    faults.push({ path: [...at, 'realm'], atKey: true, text })
  }
  if (endpoint.mode !== undefined && endpoint.path === undefined) {
    const text = 'is for unix sockets: it needs path'
    faults.push({ path: [...at, 'endpoint', 'mode'], atKey: true, text })
  }
  if (keys.proxy_protocol && keys.trusted_proxies.length === 0) {
    const text = 'needs trusted_proxies: nobody could connect'
    faults.push({ path: [...at, 'proxy_protocol'], atKey: true, text })
  }
  return faults
}

/** Paths for another type of transport, and paths that serve nothing or too much. */
function pathFaults({ type, path, paths }: TransportConfig, at: Path): Fault[] {
  const faults: Fault[] = []
  // The default of other transports stands here too.
  if (type !== 'websocket' && path !== DEFAULT_PATH) {
    const hint = type === 'web' ? '; with web use paths' : ''
    const text = `is for transports of type websocket${hint}`
    faults.push({ path: [...at, 'path'], atKey: true, text })
  }
  if (type !== 'web') {
    const text = 'is for transports of type web'
    if (paths !== undefined) faults.push({ path: [...at, 'paths'], atKey: true, text })
    return faults
  }
  if (Object.keys(paths ?? {}).length === 0) {
    faults.push({ path: at, text: 'the key "paths" is missing, or has no path' })
  }
  for (const [where, service] of Object.entries(paths ?? {})) {
    const place = [...at, 'paths', where]
    if (!/^\/[^?#\s]*$/.test(where)) {
      faults.push({ path: place, atKey: true, text: 'expected a path such as /ws' })
    }
    if (Object.keys(service).length !== 1) {
      faults.push({ path: place, text: 'expected one kind of service' })
    }
    const kind = kindOf(service)
    for (const { path: below, text } of kind?.faults?.(keysOf(service)) ?? []) {
      faults.push({ path: [...place, kind?.name ?? '', ...below], text })
    }
  }
  return faults
}

interface Place {
  readonly interface: string
  readonly port: number
  readonly path?: string
}

/** True of places that cannot both be listened on. */
function collide(a: Place, b: Place): boolean {
  if (a.path !== undefined || b.path !== undefined) return a.path === b.path
  if (a.port !== b.port || a.port === 0) return false
  const [one, other] = [a, b].map(place => place.interface) as [string, string]
  return one === other || covers(one, other) || covers(other, one)
}

const ANY = '0.0.0.0'
/** Linux takes IPv4 in on it too. */
const ANY_V6 = '::'

function covers(wide: string, address: string): boolean {
  if (wide === ANY_V6) return true
  if (wide === ANY) return !address.includes(':')
  return wide === 'localhost' && (address === '127.0.0.1' || address === '::1')
}

/** What is wrong with the realm of clients that name none, where these can be joined. */
function realmFaults(
  realm: string,
  realms: readonly string[] | undefined,
  path: Path,
  all: ReadonlyMap<string, string>,
  written: unknown,
): Fault[] {
  if (all.has(realm)) {
    const text = 'the realm is none of those that can be joined here (realms)'
    return realms?.includes(realm) === false ? [{ path, text }] : []
  }
  return [{ path, text: unknownText('realm', realm, path, all, written) }]
}

/** A fault for each name that is not known, and for each that comes twice; `all` has how they are written. */
function unknownNames(
  names: readonly string[],
  path: Path,
  all: ReadonlyMap<string, string>,
  written: unknown,
): Fault[] {
  const what = path.at(-1) === 'auth' ? 'authenticator' : 'realm'
  return names.flatMap((name, i) => {
    const at = [...path, i]
    if (names.indexOf(name) < i) return [{ path: at, text: 'is named twice' }]
    if (all.has(name)) return []
    return [{ path: at, text: unknownText(what, name, at, all, written) }]
  })
}

function unknownText(
  what: string,
  name: string,
  at: Path,
  all: ReadonlyMap<string, string>,
  written: unknown,
): string {
  const meant = all.get(nearest(name, [...all.keys()]) ?? '')
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`
  return `there is no ${what} "${asWritten(written, at, name)}"${hint}`
}

/** What is wrong with the certificates of a transport, and with the names of the further ones. */
function allTlsFaults({ names = [], ...own }: TlsFiles, path: Path): Fault[] {
  const faults = tlsFaults(own, path)
  const seen = new Set<string>()
  for (const [n, { names: these, ...files }] of names.entries()) {
    const at = [...path, 'names', n]
    faults.push(...tlsFaults(files, at))
    for (const [i, name] of these.entries()) {
      if (seen.has(name.toLowerCase()))
        faults.push({ path: [...at, 'names', i], text: 'is named twice' })
      seen.add(name.toLowerCase())
    }
  }
  return faults
}

function tlsFaults(tls: TlsFiles, path: Path): Fault[] {
  const faults: Fault[] = []
  for (const name of ['certificate', 'key', 'ca'] as const) {
    const file = tls[name]
    if (file === undefined) continue
    try {
      readFileSync(file)
    } catch (error) {
      faults.push({ path: [...path, name], text: whyUnread(error) })
    }
  }
  if (faults.length > 0) return faults
  const text = certificateFault(tls)
  return text === undefined ? [] : [{ path, text }]
}
