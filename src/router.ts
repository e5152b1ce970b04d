import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import { systemClock } from './base/clock.ts'
import { randomId } from './base/ids.ts'
import { createLog, type Log } from './base/log.ts'
import { LocalMember } from './client/local-member.ts'
import type { LocalSession } from './client/local-session.ts'
import { checkConfig } from './config/load.ts'
import type { RealmConfig, RealmInput } from './config/schema.ts'
import { NO_SUCH_REALM, NO_SUCH_ROLE, SYSTEM_SHUTDOWN, WampError } from './protocol/errors.ts'
import { Role, unrestricted } from './realm/authorize.ts'
import { Realm } from './realm/realm.ts'
import { subprotocols } from './serializer/registry.ts'
import type { Serializer } from './serializer/serializer.ts'
import { Heartbeat } from './session/heartbeat.ts'
import { Link, type Reception } from './session/link.ts'
import { loadUws } from './transport/load.ts'
import {
  type Connection,
  type Door,
  type Endpoint,
  type Listen,
  ListenError,
  type TlsFiles,
} from './transport/transport.ts'
import { attachWs, listenWs } from './transport/ws.ts'

export interface RouterOptions {
  /** The realms, as in a configuration file. */
  readonly realms?: readonly RealmInput[]
  /** Realms spring up when a client names them, and everybody may do everything in those. */
  readonly development?: boolean
  /** Where to log; by default warnings go to standard error. */
  readonly log?: Log
  /** Silence after which a peer is pinged, and again after which it is dropped: ms, default 10 s. */
  readonly pingInterval?: number
  /** Time from connecting to WELCOME: ms, default 10 s. */
  readonly handshakeTimeout?: number
  /** Bytes that may wait for a slow reader before it is cut off: default 4 MiB. */
  readonly sendBuffer?: number
}

/** What a WebSocket endpoint offers. */
export interface EndpointOptions {
  /** Largest message in bytes: default 1 MiB. */
  readonly maxMessageSize?: number
  /**
   * Browser origins that may connect, such as `https://app.example`; `*` lets all in. Pages of the
   * same host and of this machine always may, and so may programs, which send no origin.
   */
  readonly allowedOrigins?: readonly string[]
  /** Serializers on offer: default all of json, msgpack, cbor. */
  readonly serializers?: readonly string[]
}

export interface ListenOptions extends EndpointOptions {
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Default 8080; 0 picks a free one. */
  readonly port?: number
  /** Default `/ws`, and `/` too in development. */
  readonly paths?: readonly string[]
  readonly tls?: TlsFiles
  /** Default `uws`, and `ws` where no binary of uWebSockets.js loads. */
  readonly transport?: 'uws' | 'ws'
}

export interface AttachOptions extends EndpointOptions {
  /** Default `/ws`. */
  readonly path?: string
}

/** A port that the router listens on. */
export interface Listening {
  readonly host: string
  readonly port: number
  readonly url: string
  readonly transport: string
}

export interface CloseOptions {
  /**
   * True: the service ends, clients get GOODBYE `wamp.close.system_shutdown` and stay away. False,
   * the default: it comes back; clients get close code 1012 and reconnect.
   */
  readonly final?: boolean
  /** Time for farewells before connections are cut off: ms, default 2 s. */
  readonly grace?: number
}

export interface SessionOptions {
  /** Default: a random one. */
  readonly authid?: string
  /** A role of the realm, with its permissions. By default everything is allowed. */
  readonly authrole?: string
}

/** Realms that clients may call into being in development. */
const MAX_REALMS_ON_DEMAND = 1000

/** A router that serves nobody yet: give it ports by `listen`, or a server by `attach`. */
export function createRouter(options: RouterOptions = {}): Router {
  return new Router(options)
}

/** Wires realms, links and listeners, and owns them until it is closed. */
export class Router {
  readonly #realms = new Map<string, Realm>()
  readonly #links = new Set<Link>()
  readonly #locals = new Set<LocalMember>()
  readonly #doors: Door[] = []
  readonly #development: boolean
  readonly #log: Log
  readonly #reception: Reception
  #onEmpty: () => void = () => {}
  #closing = false

  constructor(options: RouterOptions) {
    this.#development = options.development ?? false
    this.#log = options.log ?? createLog('warn', process.stderr.isTTY)
    const { realms } = checkConfig({ version: 1, realms: options.realms ?? [] })
    for (const realm of realms) this.#realms.set(realm.name, realmOf(realm))
    this.#reception = {
      clock: systemClock,
      log: this.#log,
      randomId,
      heartbeat: new Heartbeat(systemClock, options.pingInterval ?? 10_000),
      handshakeTimeout: options.handshakeTimeout ?? 10_000,
      goodbyeTimeout: 1000,
      sendBuffer: options.sendBuffer ?? 4 << 20,
      realm: name => this.#realm(name),
      left: link => this.#left(link),
    }
  }

  /** Opens a port. Rejects with a ListenError that says what is wrong. */
  async listen(options: ListenOptions = {}): Promise<Listening> {
    this.#checkOpen()
    const { host = '127.0.0.1', port = 8080, tls } = options
    const listen = await this.#transport(options.transport)
    const paths = options.paths ?? (this.#development ? ['/ws', '/'] : ['/ws'])
    const listener = await listen({ host, port, tls }, this.#endpoint(paths, options))
    this.#doors.push(listener)
    if (this.#closing) await listener.close()
    this.#checkOpen()
    const scheme = tls === undefined ? 'ws' : 'wss'
    const url = `${scheme}://${reachable(host)}:${listener.port}${paths[0]}`
    return { host, port: listener.port, url, transport: listener.transport }
  }

  /** Serves the WebSocket upgrades of an application's own HTTP server on one path. */
  attach(server: Server, options: AttachOptions = {}): void {
    this.#checkOpen()
    this.#doors.push(attachWs(server, this.#endpoint([options.path ?? '/ws'], options)))
  }

  /** An in-process session. Throws WampError where there is no such realm or role. */
  session(realm: string, options: SessionOptions = {}): LocalSession {
    this.#checkOpen()
    const place = this.#realm(realm)
    if (place === undefined) throw new WampError(NO_SUCH_REALM, [`there is no realm ${realm}`])
    const { authrole, authid = randomBytes(12).toString('base64url') } = options
    const role =
      authrole === undefined ? unrestricted('trusted', place.uriCheck) : place.roles.get(authrole)
    if (role === undefined) throw new WampError(NO_SUCH_ROLE, [`there is no role ${authrole}`])
    const session = new LocalMember(place, randomId(), { authid, role }, this.#log)
    this.#locals.add(session)
    void session.closed.then(() => this.#locals.delete(session))
    return session
  }

  /** Says farewell to all, closes all ports, and resolves when nothing is left open. */
  async close(options: CloseOptions = {}): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    for (const door of this.#doors) door.stop()
    for (const session of this.#locals) session.close(SYSTEM_SHUTDOWN)
    for (const link of this.#links) {
      if (options.final) link.goodbye(SYSTEM_SHUTDOWN, 'the router shuts down')
      else link.farewell(1012, 'the router restarts')
    }
    await this.#emptied(options.grace ?? 2000)
    await Promise.all(this.#doors.map(door => door.close()))
    this.#reception.heartbeat.stop()
  }

  #checkOpen(): void {
    if (this.#closing) throw new WampError(SYSTEM_SHUTDOWN, ['the router is closed'])
  }

  /** Resolves when all links are gone, or after `grace` milliseconds. */
  #emptied(grace: number): Promise<void> {
    if (this.#links.size === 0) return Promise.resolve()
    return new Promise(resolve => {
      const timer = setTimeout(resolve, grace)
      this.#onEmpty = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async #transport(wanted: 'uws' | 'ws' | undefined): Promise<Listen> {
    if (wanted === 'ws') return listenWs
    const uws = await loadUws()
    if ('listen' in uws) return uws.listen
    if (wanted === 'uws') {
      throw new ListenError(`uWebSockets.js does not load here: ${uws.missing}`)
    }
    this.#log.warn({ reason: uws.missing }, 'uWebSockets.js does not load here; ws takes over')
    return listenWs
  }

  #endpoint(paths: readonly string[], options: EndpointOptions): Endpoint {
    const protocols = new Map<string, Serializer>()
    for (const [protocol, serializer] of subprotocols()) {
      if (options.serializers?.includes(serializer.name) ?? true)
        protocols.set(protocol, serializer)
    }
    return {
      protocols,
      paths,
      maxMessageSize: options.maxMessageSize ?? 1 << 20,
      allowedOrigins: options.allowedOrigins ?? [],
      trustsHostNames: !this.#development,
      open: (connection, protocol) => this.#open(connection, protocols.get(protocol) as Serializer),
      page: () => page([...protocols.keys()], paths[0] as string),
    }
  }

  #open(connection: Connection, serializer: Serializer): Link {
    const link = new Link(connection, serializer, this.#reception)
    this.#links.add(link)
    return link
  }

  #left(link: Link): void {
    this.#links.delete(link)
    if (this.#links.size === 0) this.#onEmpty()
  }

  #realm(name: string): Realm | undefined {
    const known = this.#realms.get(name)
    if (known !== undefined || !this.#development) return known
    if (this.#realms.size >= MAX_REALMS_ON_DEMAND) this.#dropEmptyRealms()
    if (this.#realms.size >= MAX_REALMS_ON_DEMAND) return undefined
    const realm = realmOnDemand(name)
    this.#realms.set(name, realm)
    return realm
  }

  #dropEmptyRealms(): void {
    for (const [name, realm] of this.#realms)
      if (realm.members.size === 0) this.#realms.delete(name)
  }
}

/** The host part of a URL that reaches a listening address from this machine. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

function realmOf({ name, options, roles }: RealmConfig): Realm {
  const { uri_check: uriCheck, strict_request_ids: strictRequestIds } = options
  return new Realm(
    {
      name,
      uriCheck,
      strictRequestIds,
      roles: roles.map(role => new Role(role.name, role.permissions, uriCheck)),
    },
    randomId,
  )
}

function realmOnDemand(name: string): Realm {
  const roles = [unrestricted('anonymous', 'loose')]
  return new Realm({ name, uriCheck: 'loose', strictRequestIds: false, roles }, randomId)
}

/** What people see who open the port in a browser. */
function page(protocols: string[], path: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>wampd</title>
<h1>wampd</h1>
<p>A WAMP v2 router runs here. Connect a WAMP client by WebSocket to <code>${path}</code>.
<p>Subprotocols: <code>${protocols.join('</code>, <code>')}</code>.
</html>
`
}
