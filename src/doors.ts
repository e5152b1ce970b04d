import type { Server } from 'node:http'
import { readCertificate, readNamed, type TlsFiles } from './base/certificate.ts'
import { isAddressOrNetwork } from './base/client-address.ts'
import type { UnixSocket } from './base/unix-socket.ts'
import type { TransportConfig } from './config/schema.ts'
import { listenOptions } from './from-config.ts'
import type { EndpointOptions, House } from './site/entrance.ts'
import type { Paths } from './site/services.ts'
import { type Changed, type Offer, PortSite } from './site/site.ts'
import { whyWs } from './site/why-ws.ts'
import { loadUws } from './transport/load.ts'
import { type LocalWebSocketClass, localWebSockets } from './transport/local.ts'
import { listenRawSocket } from './transport/rawsocket.ts'
import { listenStream } from './transport/stream.ts'
import {
  type Door,
  type Listen,
  ListenError,
  type Listener,
  type RequestHandler,
} from './transport/transport.ts'
import { attachWs, handleRequests, listenWs } from './transport/ws.ts'

export interface ListenOptions extends EndpointOptions {
  /**
   * `websocket`: HTTP, with WebSockets or whatever `paths` says, the default; or `rawsocket` or `stomp`
   * alone.
   */
  readonly type?: 'websocket' | 'rawsocket' | 'stomp'
  /** With `stomp`: the realm of clients whose `host` names none that can be joined here. */
  readonly realm?: string
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Default 8080; 0 picks a free one. */
  readonly port?: number
  /** A unix socket in place of host and port; not on `uws`. */
  readonly socket?: UnixSocket
  /** RawSocket is taken on the same port as HTTP: the first byte tells. Default false; not on `uws`. */
  readonly rawsocket?: boolean
  /**
   * Connections begin with a header of the PROXY protocol (version 1 or 2), and come from one of
   * `trustedProxies`; others are cut off. Default false; not on `uws`.
   */
  readonly proxyProtocol?: boolean
  /**
   * Paths of WebSockets, or what is served at which path, as `paths` of a transport says it. Default
   * `/ws`, and `/` too in development.
   */
  readonly paths?: readonly string[] | Paths
  readonly tls?: TlsFiles
  /** Default `uws`, and `ws` where no binary of uWebSockets.js loads, or where it cannot do what is asked. */
  readonly transport?: 'uws' | 'ws'
}

export interface AttachOptions extends EndpointOptions {
  /** Default `/ws`. */
  readonly path?: string
}

export interface HandlerOptions extends EndpointOptions {
  /** What is served at which path, as `paths` of a transport says it. WebSockets are for `attach`. */
  readonly paths: Paths
}

/** A port that the router listens on. */
export interface Listening {
  /** The address, or the path of a unix socket. */
  readonly host: string
  /** 0 for a unix socket. */
  readonly port: number
  readonly url: string
  readonly transport: string
}

interface Port {
  readonly options: ListenOptions
  readonly site: PortSite
  readonly listener: Listener
}

/** The ways into a router: ports of its own, and servers of the application. */
export class Doors {
  readonly #house: House
  readonly #ports = new Set<Port>()
  readonly #attached: { readonly door: Door; readonly site: PortSite }[] = []
  /** The ports of the configuration, by the transport's id. */
  readonly #transports = new Map<string, Port>()

  constructor(house: House) {
    this.#house = house
  }

  get listening(): Listening[] {
    return [...this.#ports].map(listeningOn)
  }

  /** Opens a port. Rejects with a ListenError that says what is wrong. */
  async listen(options: ListenOptions): Promise<Listening> {
    return listeningOn(await this.#open(options))
  }

  /** Opens all these; where one cannot be, none stays open, and it rejects with a ListenError. */
  async listenAll(transports: readonly TransportConfig[]): Promise<Listening[]> {
    const opened: Port[] = []
    try {
      for (const transport of transports) {
        const port = await this.#open(listenOptions(transport))
        opened.push(port)
        this.#transports.set(transport.id, port)
      }
    } catch (error) {
      for (const port of opened) this.#ports.delete(port)
      this.#transports.clear()
      await Promise.all(opened.map(close))
      throw error
    }
    return opened.map(listeningOn)
  }

  attach(server: Server, options: AttachOptions): void {
    const site = this.#site({ ...options, paths: [options.path ?? '/ws'] })
    this.#attached.push({ door: attachWs(server, site), site })
  }

  handler(options: HandlerOptions): RequestHandler {
    const site = this.#site(options)
    this.#attached.push({ door: NO_DOOR, site })
    return handleRequests(site)
  }

  localWebSocket(options: EndpointOptions): LocalWebSocketClass {
    const site = this.#site({ ...options, paths: ['/'] })
    const { door, WebSocket } = localWebSockets(site)
    this.#attached.push({ door, site })
    return WebSocket
  }

  /**
   * Has the ports of the configuration offer what it says now. Throws a ListenError, and changes
   * nothing, where one of them cannot.
   */
  change(before: readonly TransportConfig[], after: readonly TransportConfig[]): void {
    for (const transport of after) this.#check(transport)
    const done: (Changed & { readonly id: string })[] = []
    try {
      for (const transport of after) {
        const { id } = transport
        const port = this.#transports.get(id)
        if (port === undefined) continue
        const options = listenOptions(transport)
        done.push({ id, ...port.site.change(this.#offer(options)) })
        port.listener.renew(options.tls)
      }
    } catch (error) {
      for (const { id, undo } of done) {
        undo()
        this.#restore(before.find(transport => transport.id === id))
      }
      throw error
    }
    for (const { settle } of done) settle()
  }

  /** Throws a ListenError where it is plain without a change that a port cannot offer this. */
  #check(transport: TransportConfig): void {
    const port = this.#transports.get(transport.id)
    if (port === undefined) return
    const options = listenOptions(transport)
    const reason = whyWs({ ...options, paths: this.#offer(options).paths })
    if (reason !== undefined && port.listener.transport === 'uWebSockets.js') {
      throw new ListenError(`${transport.id} needs a restart: ${reason}`)
    }
    if (options.tls === undefined) return
    try {
      readCertificate(options.tls)
      readNamed(options.tls)
    } catch (error) {
      throw new ListenError((error as Error).message)
    }
  }

  /** Gives a port what it had. Its files may have changed meanwhile: then it keeps those that it has read. */
  #restore(transport: TransportConfig | undefined): void {
    if (transport === undefined) return
    try {
      this.#transports.get(transport.id)?.listener.renew(listenOptions(transport).tls)
    } catch (error) {
      this.#house.log.error({ err: error }, `${transport.id} could not be given back what it had`)
    }
  }

  /** Takes no new connections for a while; those that are open stay. */
  pause(): void {
    for (const { listener } of this.#ports) listener.pause?.()
  }

  resume(): void {
    for (const { listener } of this.#ports) listener.resume?.()
  }

  /** Takes no new connections; those that are open stay. */
  stop(): void {
    for (const { listener } of this.#ports) listener.stop()
    for (const { door } of this.#attached) door.stop()
  }

  /** Cuts off what is still open, and resolves when the ports are free. */
  async close(): Promise<void> {
    const doors = [...this.#ports].map(({ listener, site }) => ({ door: listener, site }))
    const all = [...doors, ...this.#attached]
    this.#ports.clear()
    await Promise.all(all.map(({ door }) => door.close()))
    for (const { site } of all) site.close()
  }

  async #open(options: ListenOptions): Promise<Port> {
    const { host = HOST, port = 8080, socket, tls, proxyProtocol } = options
    const listen = await this.#listenOf(options)
    const site = this.#site(options)
    const listener = await listen({ host, port, socket, tls, proxyProtocol }, site).catch(error => {
      site.close()
      throw error
    })
    const opened: Port = { options, site, listener }
    if (!this.#house.isOpen()) {
      await close(opened)
      throw new ListenError('the router was closed meanwhile')
    }
    this.#ports.add(opened)
    return opened
  }

  async #listenOf(options: ListenOptions): Promise<Listen> {
    if (options.type === 'rawsocket') return listenRawSocket
    if (options.type === 'stomp') return listenStream
    const reason = whyWs({ ...options, paths: this.#offer(options).paths })
    const wanted = options.transport ?? (reason === undefined ? undefined : 'ws')
    if (wanted === 'ws') return listenWs
    if (reason !== undefined) throw new ListenError(reason)
    const uws = await loadUws()
    if ('listen' in uws) return uws.listen
    if (wanted === 'uws') {
      throw new ListenError(`uWebSockets.js does not load here: ${uws.missing}`)
    }
    this.#house.log.warn(
      { reason: uws.missing },
      'uWebSockets.js does not load here; ws takes over',
    )
    return listenWs
  }

  #site(options: ListenOptions): PortSite {
    for (const name of options.auth ?? []) {
      if (this.#house.authenticators().has(name)) continue
      throw new ListenError(`there is no authenticator ${name}`)
    }
    const stranger = options.trustedProxies?.find(proxy => !isAddressOrNetwork(proxy))
    if (stranger !== undefined) {
      throw new ListenError(`trustedProxies: ${stranger} is no address, network or unix`)
    }
    return new PortSite(this.#house, this.#offer(options))
  }

  #offer(options: ListenOptions): Offer {
    if (options.type === 'rawsocket') return { paths: {}, rawsocket: true, options }
    if (options.type === 'stomp') {
      const { realm } = options
      return { paths: {}, rawsocket: false, stomp: realm === undefined ? {} : { realm }, options }
    }
    const paths = options.paths ?? (this.#house.development ? ['/ws', '/'] : ['/ws'])
    return {
      paths: isList(paths) ? Object.fromEntries(paths.map(path => [path, WEBSOCKET])) : paths,
      rawsocket: options.rawsocket ?? false,
      options,
    }
  }
}

/** Requests come by a server of the application. */
const NO_DOOR: Door = { stop() {}, async close() {} }

const WEBSOCKET = { websocket: {} }

function isList(paths: readonly string[] | Paths): paths is readonly string[] {
  return Array.isArray(paths)
}

async function close({ listener, site }: Port): Promise<void> {
  await listener.close()
  site.close()
}

function listeningOn({ options, site, listener }: Port): Listening {
  const { host = HOST, socket, tls } = options
  const { port, transport } = listener
  const { type = 'websocket' } = options
  const scheme = SCHEMES[type] + (tls === undefined ? '' : 's')
  const isRaw = type !== 'websocket'
  const path = isRaw ? '' : site.paths[0]
  if (socket !== undefined) {
    // As clients write it: Autobahn rs://unix:/…, the library ws ws+unix:/…:/ws.
    const url = isRaw ? `${scheme}://unix:${socket.path}` : `${scheme}+unix:${socket.path}:${path}`
    return { host: socket.path, port, url, transport }
  }
  return { host, port, url: `${scheme}://${reachable(host)}:${port}${path}`, transport }
}

/** As clients write them; `s` is added where they are over TLS. */
const SCHEMES = { websocket: 'ws', rawsocket: 'rs', stomp: 'stomp' }

const HOST = '127.0.0.1'

/** The host part of a URL that reaches a listening address from this machine. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
