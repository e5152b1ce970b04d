import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Source, Trusted } from '../base/client-address.ts'
import type { Compression } from '../base/compression.ts'
import type { Counted } from '../base/counters.ts'
import { StompEndpoint } from '../gateway/stomp/service.ts'
import { Attempts } from '../session/attempts.ts'
import { Connections } from '../session/connections.ts'
import { pathOf } from '../transport/request-path.ts'
import { answerText } from '../transport/text-answer.ts'
import type { Endpoint, Site } from '../transport/transport.ts'
import { DEFAULTS, type EndpointOptions, Entrance, type House, type PortHouse } from './entrance.ts'
import type { Service } from './service.ts'
import { keysOf, kindOf, type Paths, type ServiceConfig, serviceOf } from './services.ts'

/** What a port serves. */
export interface Offer {
  readonly paths: Paths
  /** WAMP over RawSocket. */
  readonly rawsocket: boolean
  /** STOMP on TCP: the realm of clients that name none. */
  readonly stomp?: { readonly realm?: string }
  readonly options: EndpointOptions
}

/** What was changed and may yet be taken back. */
export interface Changed {
  settle(): void
  undo(): void
}

/** Services by path; the kind of each is told by its name. */
type Services = Map<string, { readonly kind: string; readonly service: Service }>

/** What one port serves: services by path, and what is no HTTP at all. A reload may change it. */
export class PortSite implements Site {
  readonly #house: PortHouse
  #services: Services = new Map()
  #rawsocket: Entrance | undefined
  #stomp: StompEndpoint | undefined
  #trusted: Trusted
  #offer: Offer

  constructor(house: House, offer: Offer) {
    const connections = new Connections(() => ({
      maxConnections: this.#maxConnections,
      maxPerAddress: this.#offer.options.maxConnectionsPerAddress ?? 1000,
    }))
    const attempts = new Attempts(house.clock, () => ({
      maxFailures: this.#offer.options.maxFailures ?? 20,
      backoff: this.#offer.options.failureBackoff ?? 1000,
    }))
    this.#house = { ...house, connections, attempts }
    this.#offer = offer
    this.#trusted = new Trusted(offer.options.trustedProxies ?? [])
    this.change(offer)
  }

  /**
   * Offers something else from now on; throws a ListenError, and changes nothing, where that cannot
   * be. What is no more offered is closed once it is settled that it stays so.
   */
  change(offer: Offer): Changed {
    const before = { offer: this.#offer, services: this.#services, rawsocket: this.#rawsocket }
    const services = this.#servicesOf(offer)
    const rawsocket = offer.rawsocket
      ? (before.rawsocket ?? new Entrance(this.#house, offer.options))
      : undefined
    this.#become(offer, services, rawsocket)
    return {
      settle() {
        closeAll(before.services, services)
        if (before.rawsocket !== rawsocket) before.rawsocket?.close()
      },
      undo: () => {
        this.#become(before.offer, before.services, before.rawsocket)
        closeAll(services, before.services)
        if (before.rawsocket !== rawsocket) rawsocket?.close()
      },
    }
  }

  close(): void {
    for (const { service } of this.#services.values()) service.close()
    this.#rawsocket?.close()
    this.#stomp?.close()
  }

  get isOpen(): boolean {
    return this.#house.isOpen()
  }

  get paths(): readonly string[] {
    return [...this.#services.keys()]
  }

  get rawsocket(): Endpoint | undefined {
    return this.#rawsocket
  }

  get stream(): Site['stream'] {
    return this.#stomp && { endpoint: this.#stomp, kind: 'stomp' }
  }

  get maxMessageSize(): number {
    return this.#offer.options.maxMessageSize ?? DEFAULTS.maxMessageSize
  }

  get maxSockets(): number {
    return this.#maxConnections + (this.#offer.options.maxHandshakes ?? DEFAULTS.maxHandshakes)
  }

  get compression(): Compression {
    return this.#offer.options.compression ?? 'off'
  }

  get compressionThreshold(): number {
    return this.#offer.options.compressionThreshold ?? 1024
  }

  get handshakeTimeout(): number {
    return this.#offer.options.handshakeTimeout ?? DEFAULTS.handshakeTimeout
  }

  get trusted(): Trusted {
    return this.#trusted
  }

  count(what: Counted): void {
    this.#house.counters.count(what)
  }

  websocket(path: string): Endpoint | undefined {
    return this.#services.get(path)?.service.endpoint
  }

  get needsPort(): boolean {
    return [...this.#services.values()].some(({ service }) => service.needsPort)
  }

  /** What is at none of the paths goes to `next`, where there is one. */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    source: Source,
    next?: () => void,
  ): void {
    const path = pathOf(request)
    const found = this.#serviceAt(path)
    if (found === undefined && next !== undefined) next()
    else if (!this.isOpen && !found?.service.needsPort) {
      answerText(response, 503, 'the router is going down')
    } else if (found === undefined) answerText(response, 404, 'not found')
    else found.service.handle(request, response, path.slice(found.at.length), source)
  }

  get #maxConnections(): number {
    return this.#offer.options.maxConnections ?? 50_000
  }

  /** The service of that path, or the one nearest above it that takes all below. */
  #serviceAt(path: string): { service: Service; at: string } | undefined {
    for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
      const service = this.#services.get(at || '/')?.service
      if (service !== undefined && (at === path || service.isDeep === true)) return { service, at }
      if (at === '') return undefined
    }
  }

  /** The services of an offer: those that are there, and new ones, of which all can be opened or none is. */
  #servicesOf({ paths, options }: Offer): Services {
    const services: Services = new Map()
    try {
      for (const [path, wanted] of Object.entries(paths)) {
        const kind = kindOf(wanted)?.name ?? ''
        const there = this.#services.get(path)
        const isThere = there?.kind === kind
        const place = { house: this.#house, path, options }
        services.set(path, isThere ? there : { kind, service: serviceOf(wanted, place) })
      }
    } catch (error) {
      closeAll(services, this.#services)
      throw error
    }
    return services
  }

  #become(offer: Offer, services: Services, rawsocket: Entrance | undefined): void {
    const { paths, stomp, options } = offer
    this.#offer = offer
    this.#trusted = new Trusted(options.trustedProxies ?? [])
    // What is new was made for this offer.
    for (const [path, one] of services) {
      if (this.#services.get(path) !== one) continue
      one.service.change(keysOf(paths[path] as ServiceConfig), options)
    }
    if (this.#rawsocket === rawsocket) rawsocket?.change(options)
    this.#services = services
    this.#rawsocket = rawsocket
    // The type of a port does not change while it is open.
    if (stomp === undefined) return
    if (this.#stomp === undefined) this.#stomp = new StompEndpoint(this.#house, stomp, options)
    else this.#stomp.change(stomp, options)
  }
}

/** Closes those services that are not among the others. */
function closeAll(services: Services, others: Services): void {
  for (const [path, one] of services) if (others.get(path) !== one) one.service.close()
}
