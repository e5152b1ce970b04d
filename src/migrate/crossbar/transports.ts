import type { Context } from '../context.ts'
import { notNeeded } from '../context.ts'
import { literal, type Transport } from '../draft.ts'
import { type Given, shown, type Value } from '../given.ts'
import { largest, serializersOf, webSocketPaths } from '../options.ts'
import { own } from '../own.ts'
import { authOf, type Door } from './auth.ts'
import { endpointOf } from './endpoint.ts'
import { type Port, servicesOf, webSocketKeys } from './services.ts'

/** A worker's transports; `realms` are those that can be joined there, all where undefined. */
export function transportsOf(
  context: Context,
  worker: Given,
  realms: readonly string[],
  isLimited: boolean,
): void {
  for (const given of worker.list('transports')) {
    const transport = transportOf(context, given, realms)
    if (transport === undefined || isTaken(context, transport, given)) continue
    if (isLimited) transport.realms = [...realms]
    context.draft.transports.push(context.draft.from(given, transport))
  }
}

function transportOf(
  context: Context,
  given: Given,
  realms: readonly string[],
): Transport | undefined {
  if (given.asDict() === undefined) return undefined
  const type = String(given.text('type')?.value)
  const make = own(TYPES, type)
  if (make === undefined)
    return given.drop(`${shown(type)} is a type of transport that wampd does not have`)
  const place = endpointOf(context, given)
  if (place === undefined) return undefined
  const id = given.text('id')
  const { endpoint } = place
  const name = literal(id?.value ?? `${type}-${endpoint.port ?? endpoint.path}`)
  const transport: Transport = { type, ...place, auth: [] }
  const isFree = id !== undefined && isFirst(context, id, name)
  const named = isFree ? { id: name, ...transport } : transport
  make(context, given, { transport: named, door: { name, realms, at: given } })
  return isUsed(named, given) ? named : undefined
}

/** True of an id that no other transport has; those of several workers may have the same. */
function isFirst({ draft, report }: Context, { at }: Value<string>, name: string): boolean {
  const isTaken = draft.transports.some(({ id }) => id === name)
  if (isTaken) report.changed(at, 'another transport has it: this one goes by its port')
  else report.converted(at, 'transports[].id')
  return !isTaken
}

/** Nobody could come in, or nothing is served there. */
function isUsed({ type, auth, paths, rawsocket }: Transport, given: Given): boolean {
  if (type === 'web' && paths === undefined && rawsocket !== true) {
    given.drop('nothing is left that it could serve')
    return false
  }
  // A port that serves files alone takes whatever authenticator there is: see `finish`.
  if (auth.length > 0 || type === 'web') return true
  given.drop('nobody could come in: none of its methods is left', 'give it another one')
  return false
}

const TYPES: Readonly<Record<string, (context: Context, given: Given, port: Port) => void>> = {
  websocket: webSocketOf,
  rawsocket: rawSocketOf,
  web: webOf,
  universal: universalOf,
}

/** Crossbar takes WebSockets at any path there; wampd where clients are likely to look for them. */
function webSocketOf(context: Context, given: Given, { transport, door }: Port): void {
  const { report } = context
  transport.auth.push(...authOf(context, given.dict('auth'), door))
  const [, path] = /^wss?:\/\/[^/]*(\/[^?#\s]+)/.exec(given.text('url')?.value ?? '') ?? []
  webSocketKeys(context, given, transport)
  transport.type = 'web'
  transport.paths = webSocketPaths(...(path === undefined ? [] : [literal(path)]))
  const where = Object.keys(transport.paths).map(shown).join(' and ')
  report.changed(given, `takes WebSockets at ${where}, no longer at any path`, TYPE)
}

const TYPE = 'transports[].type'

function rawSocketOf(context: Context, given: Given, { transport, door }: Port): void {
  rawSocketKeys(context, given, transport, door)
  context.report.converted(given, TYPE)
}

function rawSocketKeys(context: Context, given: Given, transport: Transport, door: Door): void {
  transport.auth.push(...authOf(context, given.dict('auth'), door))
  const options = given.dict('options')
  largest(context, transport, 'max_message_size', options?.number('max_message_size'))
  serializersOf(context, given, transport)
  notNeeded(context, given, 'debug', 'the log has a level of its own, for all: log.level')
}

function webOf(context: Context, given: Given, port: Port): void {
  webKeys(context, given, port)
  context.report.converted(given, TYPE)
}

function webKeys(context: Context, given: Given, port: Port): void {
  const paths = given.dict('paths')
  if (paths !== undefined) servicesOf(context, paths, port)
  const options = given.dict('options')
  for (const key of options === undefined ? [] : ['access_log', 'display_tracebacks']) {
    notNeeded(context, options as Given, key, 'requests are not logged one by one')
  }
  for (const key of options === undefined ? [] : ['hsts', 'hsts_max_age']) {
    const found = options?.get(key)
    if (found?.single === false) found.leave()
    else found?.drop('the header is not sent', 'let a proxy before wampd add it')
  }
  if (options === undefined) return
  notNeeded(context, options, 'client_timeout', 'options.handshake_timeout limits it')
}

/** One port for RawSocket and HTTP. */
function universalOf(context: Context, given: Given, port: Port): void {
  const { transport, door } = port
  const rawsocket = given.dict('rawsocket')
  if (rawsocket !== undefined) {
    rawSocketKeys(context, rawsocket, transport, door)
    rawsocket.text('type')
    if (transport.auth.length > 0) transport.rawsocket = true
    else rawsocket.drop('nobody could come in: none of its methods is left')
  }
  given.get('mqtt')?.drop('there is no MQTT', 'bridge it by a client of both')
  const webSockets = given.dict('websocket')
  if (webSockets !== undefined) servicesOf(context, webSockets, port)
  const web = given.dict('web')
  if (web !== undefined) {
    web.text('type')
    webKeys(context, web, port)
  }
  transport.type = transport.paths === undefined ? 'rawsocket' : 'web'
  if (transport.type === 'rawsocket') delete transport.rawsocket
  context.report.changed(given, 'is a transport of type web, with rawsocket', TYPE)
}

/** Two workers may share a port, and do the same there; here it is served once. */
function isTaken({ draft, report }: Context, transport: Transport, given: Given): boolean {
  const { endpoint } = transport
  const at = ({ endpoint: other }: Transport) =>
    endpoint.path === undefined
      ? other.port === endpoint.port && other.interface === endpoint.interface
      : other.path === endpoint.path
  const same = draft.transports.find(at)
  if (same === undefined) return false
  const what = ({ id: _, realms: __, ...rest }: Transport) => JSON.stringify(rest)
  const line = draft.originOf(same)?.line
  if (what(same) === what(transport)) {
    report.changed(given, `is the same as that of line ${line}: one process serves the port`)
  } else {
    const remedy = 'give it another port, or bring the two together by hand'
    report.dropped(given, `its port is taken by the transport of line ${line}`, remedy)
  }
  return true
}

/** Ports that serve files alone need an authenticator, though nobody comes in there. */
export function finish({ draft }: Context): void {
  const any = draft.transports.flatMap(({ auth }) => auth)[0]
  for (const transport of [...draft.transports]) {
    if (transport.auth.length > 0) continue
    if (any !== undefined) transport.auth.push(any)
    else {
      const text = 'it serves files, and no client of WAMP can come in anywhere'
      draft.report.dropped(draft.originOf(transport) ?? { line: 1, path: [] }, text)
      draft.transports.splice(draft.transports.indexOf(transport), 1)
    }
  }
}
