import Type, { type Static } from 'typebox'
import { about, CLOSED, name } from '../../base/keys.ts'
import {
  DEFAULTS,
  type EndpointOptions,
  Entrance,
  type PortHouse,
  sendBufferOf,
} from '../../site/entrance.ts'
import type { Place, Service, ServiceKind } from '../../site/service.ts'
import { optionsAt, sessionKeys } from '../../site/session-keys.ts'
import { answerPage } from '../../transport/page.ts'
import type { Endpoint } from '../../transport/transport.ts'
import { INNER_OPTIONS, INNER_PROTOCOL } from '../inner.ts'
import { StompConnection, type Terms } from './connection.ts'

const keys = Type.Object(
  {
    ...sessionKeys,
    realm: Type.Optional(
      name(
        about(
          'The realm of clients whose `host` names none that can be joined here. Without the key ' +
            'they are refused.',
          'new',
        ),
      ),
    ),
  },
  { ...CLOSED, ...about('STOMP 1.0, 1.1 and 1.2 over WebSocket.', 'new') },
)

type Keys = Static<typeof keys>

/** The subprotocols; the version that is spoken is what CONNECT settles. */
const PROTOCOLS = new Map(
  ['v12.stomp', 'v11.stomp', 'v10.stomp'].map(name => [
    name,
    { binary: false, number: 0, isBatched: false, mediaType: 'text/plain' },
  ]),
)

/** The router can send a heart-beat this often: milliseconds. */
const MIN_BEAT = 1000

/** Where STOMP clients come in; also the endpoint of connections over TCP. */
export class StompEndpoint implements Endpoint {
  readonly protocols = PROTOCOLS
  readonly #house: PortHouse
  readonly #entrance: Entrance
  #keys: Keys
  #options: EndpointOptions

  constructor(house: PortHouse, keys: Keys, options: EndpointOptions) {
    this.#house = house
    this.#keys = keys
    this.#options = options
    this.#entrance = new Entrance(house, { ...optionsAt(keys, options), ...INNER_OPTIONS })
  }

  /** Offers something else from now on. Connections that are there keep their limits. */
  change(keys: Keys, options: EndpointOptions): void {
    this.#keys = keys
    this.#options = options
    this.#entrance.change({ ...optionsAt(keys, options), ...INNER_OPTIONS })
  }

  close(): void {
    this.#entrance.close()
  }

  get maxMessageSize(): number {
    return this.#entrance.maxMessageSize
  }

  get allowedOrigins(): readonly string[] {
    return this.#entrance.allowedOrigins
  }

  get trustsHostNames(): boolean {
    return this.#entrance.trustsHostNames
  }

  enter(connection: object): boolean {
    return this.#entrance.enter(connection)
  }

  leave(connection: object): void {
    this.#entrance.leave(connection)
  }

  open(connection: Parameters<Endpoint['open']>[0]): StompConnection {
    return new StompConnection(connection, this.#terms())
  }

  #terms(): Terms {
    const { clock, log, counters } = this.#house
    const { pingInterval = DEFAULTS.pingInterval } = this.#options
    const { limit: sendBuffer } = sendBufferOf(this.#options)
    return {
      ...{ clock, log, counters, sendBuffer },
      maxBody: this.maxMessageSize,
      heartBeat: { canSend: Math.min(MIN_BEAT, pingInterval), wants: pingInterval },
      realmOf: host => this.#realmOf(host),
      open: inner => this.#entrance.open(inner, INNER_PROTOCOL),
    }
  }

  #realmOf(host: string | undefined): string | undefined {
    const { realm = host } = this.#keys
    if (host === undefined || host === realm) return realm
    // In development any name would become a realm: the default is what is meant.
    if (this.#house.development || !this.#entrance.leadsTo(host)) return realm
    return this.#house.realm(host) === undefined ? realm : host
  }
}

/** STOMP over WebSocket. */
export const stompKind: ServiceKind<Keys> = {
  name: 'stomp',
  keys,
  takesSessions: true,
  isWebSocket: true,
  create(keys: Keys, { house, path, options }: Place): Service<Keys> {
    const endpoint = new StompEndpoint(house, keys, options)
    return {
      endpoint,
      handle: (request, response) => answerPage(request, response, path, PROTOCOLS.keys()),
      change: (keys, options) => endpoint.change(keys, options),
      close: () => endpoint.close(),
    }
  },
}
