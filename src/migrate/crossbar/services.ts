import { type Context, dropKey, notNeeded } from '../context.ts'
import { literal, type Transport } from '../draft.ts'
import { type Given, shown } from '../given.ts'
import { serializersOf } from '../options.ts'
import { own } from '../own.ts'
import { authOf, type Door, named } from './auth.ts'
import { webSocketOptions } from './options.ts'

/** A port with paths, in the making. */
export interface Port {
  readonly transport: Transport
  readonly door: Door
}

/** The keys of a service, the kind's name before them; undefined where it has none here. */
type Service = Record<string, Record<string, unknown>> | undefined

const KINDS: Readonly<Record<string, (context: Context, given: Given, port: Port) => Service>> = {
  websocket: webSocketOf,
  longpoll: longPollOf,
  static: staticOf,
  publisher: bridgeOf,
  caller: bridgeOf,
}

/** What is said of services that wampd does not have. */
const NONE: Readonly<Record<string, readonly [text: string, remedy: string]>> = {
  webhook: ['nothing posts here from outside', 'post to a bridge: POST PATH/publish/TOPIC'],
  redirect: ['there are no redirections', 'let the proxy before wampd do it'],
  nodeinfo: ['there is no such page', 'wampd status tells'],
  json: ['there are no fixed answers', 'put the value into a file, served by static'],
  resource: ['is code within Crossbar', 'run it as a web server behind a common proxy'],
  wsgi: ['is code within Crossbar', 'run it by a server for WSGI behind a common proxy'],
  cgi: ['there are no scripts', 'run a web server for it behind a common proxy'],
  reverseproxy: ['wampd is no proxy', 'let a proxy stand before both'],
  'websocket-reverseproxy': ['wampd is no proxy', 'let a proxy stand before both'],
  archive: ['archives are not served', 'unpack it, and serve the folder by static'],
  wap: ['there are no pages from procedures', 'run a web server that calls them'],
  catalog: ['there is no such page', 'none'],
  upload: ['nothing can be uploaded', 'run a web server for it behind a common proxy'],
}

/** The services of the paths, those within paths too. */
export function servicesOf(context: Context, paths: Given, port: Port, before = ''): void {
  for (const [key, given] of paths.entries()) {
    if (given.asDict() === undefined) continue
    const path = key === '/' ? before || '/' : `${before}/${key.replace(/^\//, '')}`
    notNeeded(context, given, 'id', 'services go by their paths')
    const type = given.text('type')?.value
    if (type === 'path') {
      context.report.changed(given, `its paths stand below ${shown(path)} here`)
      const nested = given.dict('paths')
      if (nested !== undefined) servicesOf(context, nested, port, path === '/' ? '' : path)
      continue
    }
    const make = own(KINDS, type)
    if (make === undefined) {
      const [text, remedy] = own(NONE, type) ?? ['is a kind of service that wampd has not', 'none']
      given.drop(`${shown(type)}: ${text}`, remedy === 'none' ? undefined : remedy)
      continue
    }
    const service = make(context, given, port)
    if (service === undefined) continue
    port.transport.paths ??= {}
    port.transport.paths[literal(path)] = context.draft.from(given, service)
  }
}

/** Who comes in at a path: what the port says as long as it is the same. */
function doorOf(context: Context, given: Given, port: Port): { auth?: string[] } | undefined {
  const { transport, door } = port
  const auth = authOf(context, given.dict('auth'), { ...door, at: given })
  if (auth.length === 0)
    return given.drop('nobody could come in: none of its methods is left', 'give it another one')
  if (transport.auth.length === 0) transport.auth.push(...auth)
  return transport.auth.join('\n') === auth.join('\n') ? {} : { auth }
}

function webSocketOf(context: Context, given: Given, port: Port): Service {
  const auth = doorOf(context, given, port)
  if (auth === undefined) return undefined
  context.report.converted(given, 'transports[].paths.*.websocket')
  webSocketKeys(context, given, port.transport)
  return { websocket: auth }
}

/** What a WebSocket has besides its authentication, wherever it is served. */
export function webSocketKeys(context: Context, given: Given, transport: Transport): void {
  webSocketOptions(context, given.dict('options'), transport)
  serializersOf(context, given, transport)
  notNeeded(context, given, 'url', 'clients are not compared with it')
  notNeeded(context, given, 'debug', 'the log has a level of its own, for all: log.level')
  const remedy = 'a token (JWT) as ticket tells a browser again'
  dropKey(given, 'cookie', 'browsers get no cookie', remedy)
}

function longPollOf(context: Context, given: Given, port: Port): Service {
  const { draft, report } = context
  const auth = doorOf(context, given, port)
  if (auth === undefined) return undefined
  report.converted(given, 'transports[].paths.*.longpoll')
  const longpoll: Record<string, unknown> = { ...auth }
  const options = given.dict('options')
  for (const key of ['request_timeout', 'session_timeout']) {
    const seconds = options?.number(key)
    if (seconds === undefined) continue
    const to = `transports[].paths.*.longpoll.${key}`
    if (seconds.value <= 0) report.changed(seconds.at, 'is always limited here: the default', to)
    else {
      longpoll[key] = `${seconds.value}s`
      report.converted(seconds.at, to)
    }
  }
  for (const key of options === undefined ? [] : ['queue_limit_bytes', 'queue_limit_messages']) {
    const remedy = 'send_buffer of the transport limits what waits'
    dropKey(options as Given, key, 'is not a limit of its own', remedy)
  }
  for (const key of options === undefined ? [] : ['debug', 'debug_transport_id']) {
    notNeeded(context, options as Given, key, 'is for debugging Crossbar')
  }
  serializersOf(context, given, port.transport)
  return { longpoll: draft.from(given, longpoll) }
}

function staticOf(context: Context, given: Given): Service {
  const directory = given.text('directory')
  if (directory === undefined)
    return given.drop('its files are in a Python package', 'copy them into a folder, and name that')
  context.report.converted(directory.at, 'transports[].paths.*.static.directory')
  const service: Record<string, unknown> = { directory: context.moved(directory.value) }
  const options = given.dict('options')
  const index = options?.text('default_file')
  if (index !== undefined) {
    service.index = literal(index.value)
    context.report.converted(index.at, 'transports[].paths.*.static.index')
  }
  if (options === undefined) return { static: service }
  dropKey(options, 'enable_directory_listing', 'folders are not listed')
  dropKey(options, 'mime_types', 'types follow from the usual list')
  dropKey(options, 'cache_timeout', 'browsers ask each time, and get 304 for what they have')
  return { static: service }
}

/** The services by which HTTP requests publish and call: one bridge does both. */
function bridgeOf(context: Context, given: Given, { transport, door }: Port): Service {
  const { report } = context
  const realm = given.text('realm')
  const role = given.text('role')
  if (realm === undefined || role === undefined) return given.drop('has no realm or no role')
  const options = given.dict('options')
  const [key, secret] = [options?.text('key'), options?.text('secret')]
  const user = { role: literal(role.value) }
  let keys: Record<string, Record<string, unknown>> = { anonymous: user }
  if (key !== undefined && secret !== undefined) {
    const principals = { [key.value]: { secret: literal(secret.value), ...user } }
    keys = { wampcra: { principals } }
    const text = 'requests are signed in another way: see docs/gateways.md, WAMP-HMAC-SHA256'
    report.changed(key.at, text, 'authenticators.*.wampcra')
  }
  const auth = [named(context, `${door.name}-http`, keys, given)]
  if (transport.auth.length === 0) transport.auth.push(...auth)
  const verb = given.text('type')?.value === 'publisher' ? 'publish' : 'call'
  const text = `POST goes to ${verb} below the path; the bridge does all that the role may`
  report.changed(given, text, 'transports[].paths.*.bridge')
  if (options !== undefined) {
    dropKey(options, 'require_tls', 'is a matter of the port', 'give the transport tls')
    dropKey(options, 'require_ip', 'addresses are not looked at', 'let a firewall or proxy do it')
    notNeeded(context, options, 'post_body_limit', 'max_message_size of the transport limits it')
    notNeeded(context, options, 'timestamp_delta_limit', 'a signature holds for a minute')
    notNeeded(context, options, 'debug', 'is for debugging Crossbar')
  }
  return { bridge: { realm: literal(realm.value), auth } }
}
