import type { Server } from 'node:http'
import type { TlsFiles } from './base/certificate.ts'
import type { TransportConfig } from './config/schema.ts'
import { listenOptions } from './from-config.ts'
import type { EndpointOptions, House } from './site/entrance.ts'
import type { Paths } from './site/services.ts'
import { type Offer, PortSite } from './site/site.ts'
import { whyWs } from './site/why-ws.ts'
import { loadUws } from './transport/load.ts'
import { type Door, type Listen, ListenError, type Listener } from './transport/transport.ts'
import { attachWs, listenWs } from './transport/ws.ts'

export interface ListenOptions extends EndpointOptions {
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Default 8080; 0 picks a free one. */
  readonly port?: number
  /**
   * Paths of WebSockets, or what is served at which path, as `paths` of a transport says it. Default
   * `/ws`, and `/` too in development.
   */
  readonly paths?: readonly string[] | Paths
  readonly tls?: TlsFiles
  /** Default `uws`, and `ws` where no binary of uWebSockets.js loads, or `tls` has a `ca`. */
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

interface Port {
  readonly host: string
  readonly scheme: 'ws' | 'wss'
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

  /**
   * Has the ports of the configuration offer what it says now. Throws a ListenError, and takes back
   * what was done, where one of them cannot.
   */
  change(before: readonly TransportConfig[], after: readonly TransportConfig[]): void {
    const done: string[] = []
    try {
      for (const transport of after) {
        done.push(transport.id)
        this.#renew(transport)
      }
    } catch (error) {
      for (const transport of before) if (done.includes(transport.id)) this.#renew(transport)
      throw error
    }
  }

  #renew(transport: TransportConfig): void {
    const port = this.#transports.get(transport.id)
    const options = listenOptions(transport)
    if (port === undefined) return
    const offer = this.#offer(options)
    const reason = whyWs({ tls: options.tls, paths: offer.paths })
    if (reason !== undefined && port.listener.transport !== 'ws') {
      throw new ListenError(`${transport.id} needs a restart: ${reason}`)
    }
    port.site.change(offer)
    port.listener.renew(options.tls)
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
    const { host = '127.0.0.1', port = 8080, tls } = options
    const listen = await this.#listenOf(options)
    const site = this.#site(options)
    const listener = await listen({ host, port, tls }, site).catch(error => {
      site.close()
      throw error
    })
    const opened: Port = { host, scheme: tls === undefined ? 'ws' : 'wss', site, listener }
    if (!this.#house.isOpen()) {
      await close(opened)
      throw new ListenError('the router was closed meanwhile')
    }
    this.#ports.add(opened)
    return opened
  }

  async #listenOf(options: ListenOptions): Promise<Listen> {
    const reason = whyWs({ tls: options.tls, paths: this.#offer(options).paths })
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
    return new PortSite(this.#house, this.#offer(options))
  }

  #offer(options: ListenOptions): Offer {
    const paths = options.paths ?? (this.#house.development ? ['/ws', '/'] : ['/ws'])
    return {
      paths: isList(paths) ? Object.fromEntries(paths.map(path => [path, WEBSOCKET])) : paths,
      rawsocket: false,
      options,
    }
  }
}

const WEBSOCKET = { websocket: {} }

function isList(paths: readonly string[] | Paths): paths is readonly string[] {
  return Array.isArray(paths)
}

async function close({ listener, site }: Port): Promise<void> {
  await listener.close()
  site.close()
}

function listeningOn({ host, scheme, site, listener }: Port): Listening {
  const { port, transport } = listener
  const url = `${scheme}://${reachable(host)}:${port}${site.paths[0]}`
  return { host, port, url, transport }
}

/** The host part of a URL that reaches a listening address from this machine. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
