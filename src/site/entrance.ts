import { anonymous } from '../auth/anonymous.ts'
import type { AuthMethod } from '../auth/auth.ts'
import type { Clock } from '../base/clock.ts'
import type { Compression } from '../base/compression.ts'
import type { Counters } from '../base/counters.ts'
import type { RandomId } from '../base/ids.ts'
import type { Log } from '../base/log.ts'
import type { Realm } from '../realm/realm.ts'
import { type Subprotocol, subprotocols } from '../serializer/registry.ts'
import type { Attempts } from '../session/attempts.ts'
import { Batched } from '../session/batched.ts'
import type { Connections } from '../session/connections.ts'
import { Heartbeat } from '../session/heartbeat.ts'
import { Link, type Reception } from '../session/link.ts'
import { Openings } from '../session/openings.ts'
import type { Connection, Endpoint, Receiver } from '../transport/transport.ts'

/** What is offered to sessions where they begin. */
export interface EndpointOptions {
  /** Largest message in bytes: default 1 MiB. */
  readonly maxMessageSize?: number
  /**
   * permessage-deflate for messages to WebSocket clients: `shared`: each on its own;
   * a size: with so much of what went before in mind, on `ws` only. Default `off`.
   */
  readonly compression?: Compression
  /** Messages of fewer bytes are not compressed: default 1 KiB. */
  readonly compressionThreshold?: number
  /** What may wait for a slow reader, and what happens beyond; a number is the limit. Default 1 MiB. */
  readonly sendBuffer?: number | Partial<Reception['sendBuffer']>
  /** Silence after which a peer is pinged, and again after which it is dropped: ms, default 10 s. */
  readonly pingInterval?: number
  /** Time from connecting to WELCOME: ms, default 10 s. */
  readonly handshakeTimeout?: number
  /** Connections that may be open at a time: default 50,000. */
  readonly maxConnections?: number
  /**
   * Of them from one address: default 1,000; 0 is no limit. Addresses of this machine have none.
   */
  readonly maxConnectionsPerAddress?: number
  /** Connections that may be without a session at a time: default 1,000. */
  readonly maxHandshakes?: number
  /** Largest message before WELCOME in bytes: default 64 KiB. */
  readonly maxHelloSize?: number
  /**
   * Failures to authenticate that an address has free before it must wait: default 20; 0 is no
   * limit. Addresses of this machine never wait.
   */
  readonly maxFailures?: number
  /** How long the first failure beyond holds it back, each further one twice as long: ms, default 1 s. */
  readonly failureBackoff?: number
  /**
   * Browser origins that may connect, such as `https://app.example`; `*` lets all in. Pages of the
   * same host and of this machine always may, and so may programs, which send no origin.
   */
  readonly allowedOrigins?: readonly string[]
  /**
   * Addresses and networks of proxies that tell the truth of where their clients are, such as
   * `10.0.0.0/8`, and `unix` for all that come over a unix socket: default none.
   */
  readonly trustedProxies?: readonly string[]
  /** Serializers on offer, each also in batches: default all of json, msgpack, cbor. */
  readonly serializers?: readonly string[]
  /** Authenticators, by name: default all, and anonymous clients where the router has none. */
  readonly auth?: readonly string[]
  /** Realms that can be joined here: default all. */
  readonly realms?: readonly string[]
}

/** What holds where an option says nothing else, and more than one part of a port asks for it. */
export const DEFAULTS = {
  maxMessageSize: 1 << 20,
  maxHandshakes: 1000,
  handshakeTimeout: 10_000,
  pingInterval: 10_000,
} as const

/** What an entrance asks of the router. */
export interface House {
  readonly clock: Clock
  readonly log: Log
  readonly counters: Counters
  readonly backlog: Reception['backlog']
  readonly traffic: Reception['traffic']
  readonly randomId: RandomId
  /** Clients may call realms into being. */
  readonly development: boolean
  /** Sessions may be opened: the router is not going down. */
  isOpen(): boolean
  /** There is memory for more sessions. */
  hasRoom(): boolean
  realm(name: string): Realm | undefined
  /** The methods of each authenticator, in the order of the configuration. */
  authenticators(): ReadonlyMap<string, readonly AuthMethod[]>
  arrived(link: Link): void
  left(link: Link): void
}

/** What an entrance asks of its port. */
export interface PortHouse extends House {
  /** Those of all its entrances. */
  readonly connections: Connections
  /** Who has failed to authenticate, at whichever of them. */
  readonly attempts: Attempts
}

/** Time that a client has to answer GOODBYE. Milliseconds. */
const GOODBYE_TIMEOUT = 1000

/** One way in: what is offered there, which a reload may change, and to whom it leads. */
export class Entrance implements Endpoint {
  readonly #house: PortHouse
  #options: EndpointOptions
  #protocols: ReadonlyMap<string, Subprotocol>
  readonly #openings = new Openings(() => this.#options.maxHandshakes ?? DEFAULTS.maxHandshakes)
  #reception: Reception

  constructor(house: PortHouse, options: EndpointOptions) {
    this.#house = house
    this.#options = options
    this.#protocols = protocolsOf(options)
    this.#reception = this.#receptionOf(options, this.#heartbeatOf(options))
  }

  /** Offers something else from now on. Connections that are there keep their limits. */
  change(options: EndpointOptions): void {
    const before = this.#reception.heartbeat
    const isSame = options.pingInterval === this.#options.pingInterval
    this.#options = options
    this.#protocols = protocolsOf(options)
    this.#reception = this.#receptionOf(options, isSame ? before : this.#heartbeatOf(options))
    if (!isSame) before.retire()
  }

  /** Nothing comes in any more; the connections that are there go on. */
  close(): void {
    this.#reception.heartbeat.retire()
  }

  get protocols(): ReadonlyMap<string, Subprotocol> {
    return this.#protocols
  }

  get maxMessageSize(): number {
    return this.#options.maxMessageSize ?? DEFAULTS.maxMessageSize
  }

  get allowedOrigins(): readonly string[] {
    return this.#options.allowedOrigins ?? []
  }

  get trustsHostNames(): boolean {
    return !this.#house.development
  }

  enter(connection: object): boolean {
    return this.#openings.enter(connection)
  }

  leave(connection: object): void {
    this.#openings.leave(connection)
  }

  open(connection: Connection, protocol: string): Receiver {
    // The protocol was on offer when the handshake was answered, just before.
    const { serializer, isBatched } = this.#protocols.get(protocol) as Subprotocol
    const batched = isBatched ? new Batched(connection, protocol, serializer.binary) : undefined
    const link = new Link(batched ?? connection, serializer, this.#reception)
    this.#house.arrived(link)
    const reason = this.#house.connections.enter(link, connection.remote)
    // Not at once: the transport does not know its receiver yet.
    if (reason !== undefined) queueMicrotask(() => link.turnAway(reason))
    return batched?.receiver(link) ?? link
  }

  #receptionOf(options: EndpointOptions, heartbeat: Heartbeat): Reception {
    const { clock, log, counters, backlog, traffic, randomId, attempts } = this.#house
    return {
      clock,
      log,
      counters,
      backlog,
      traffic,
      randomId,
      heartbeat,
      handshakeTimeout: options.handshakeTimeout ?? DEFAULTS.handshakeTimeout,
      goodbyeTimeout: GOODBYE_TIMEOUT,
      sendBuffer: sendBufferOf(options),
      isOpen: () => this.#house.isOpen(),
      hasRoom: () => this.#house.hasRoom(),
      maxHelloSize: options.maxHelloSize ?? 1 << 16,
      openings: this.#openings,
      attempts,
      realm: name => (this.leadsTo(name) ? this.#house.realm(name) : undefined),
      methods: () => this.methods(),
      left: link => {
        this.#house.connections.leave(link)
        this.#house.left(link)
      },
    }
  }

  /** The realm may be joined here, if there is one of that name. */
  leadsTo(realm: string): boolean {
    return this.#options.realms?.includes(realm) ?? true
  }

  /** Those of the authenticators that are named here; of all where none is. */
  methods(): readonly AuthMethod[] {
    const known = this.#house.authenticators()
    const { auth } = this.#options
    if (auth === undefined && known.size === 0) return NO_PROOF
    return (auth ?? [...known.keys()]).flatMap(name => known.get(name) ?? [])
  }

  #heartbeatOf({ pingInterval }: EndpointOptions): Heartbeat {
    return new Heartbeat(this.#house.clock, pingInterval ?? DEFAULTS.pingInterval)
  }
}

/** Without authenticators clients join as role `anonymous`, where the realm has it. */
const NO_PROOF = [anonymous('anonymous')]

/** What waits for a slow reader, and what happens beyond. */
export function sendBufferOf({ sendBuffer = {} }: EndpointOptions): Reception['sendBuffer'] {
  const given = typeof sendBuffer === 'number' ? { limit: sendBuffer } : sendBuffer
  return { limit: 1 << 20, policy: 'disconnect', ...given }
}

function protocolsOf({ serializers }: EndpointOptions): ReadonlyMap<string, Subprotocol> {
  return new Map(
    [...subprotocols()].filter(
      ([, { serializer }]) => serializers?.includes(serializer.name) ?? true,
    ),
  )
}
