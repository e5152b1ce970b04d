import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TSchema } from 'typebox'
import type { Source } from '../base/client-address.ts'
import type { Endpoint } from '../transport/transport.ts'
import type { EndpointOptions, PortHouse } from './entrance.ts'

/** What is served at one path of a port. */
export interface Service<Keys = unknown> {
  /** WebSockets at the path. */
  readonly endpoint?: Endpoint
  /** Paths below its own are its own, too. */
  readonly isDeep?: boolean
  /** Sessions are there that need new requests to go on: they are answered while the router goes down. */
  readonly needsPort?: boolean
  /**
   * Answers a request that asks for no upgrade, and comes from `source`. `below` is what follows its
   * path: `/a/b`, or empty.
   */
  handle(request: IncomingMessage, response: ServerResponse, below: string, source: Source): void
  /** Offers something else from now on. What is there keeps what it began with. */
  change(keys: Keys, options: EndpointOptions): void
  /** Nothing new comes any more; what is there was cut off before. */
  close(): void
}

/** Where a service is. */
export interface Place {
  readonly house: PortHouse
  readonly path: string
  readonly options: EndpointOptions
}

/**
 * A kind of service. A new one is a file that gives this, and a line in services.ts: schema, checks,
 * documents and reload follow.
 */
export interface ServiceKind<Keys> {
  /** The key that stands for it below a path of the configuration. */
  readonly name: string
  readonly keys: TSchema
  /** Sessions begin there: its keys may have `auth` and `realms`. */
  readonly takesSessions: boolean
  /** Nothing but WebSockets is served there, besides a page: any library for them can do it. */
  readonly isWebSocket?: boolean
  /** What is wrong with its keys beyond what their schema says, and at which of them. */
  faults?(
    keys: Keys,
  ): readonly { readonly path: readonly (string | number)[]; readonly text: string }[]
  /** Opens it, with its keys as the configuration has them, defaults filled in. */
  create(keys: Keys, place: Place): Service<Keys>
}
