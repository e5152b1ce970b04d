import type { Peer } from '../delivery/outlet.ts'
import { PatternIndex } from '../match/patterns.ts'
import type { Match } from '../match/uri.ts'
import type { Invoke } from '../protocol/invoke.ts'
import type { Call, CallEnds } from './call.ts'

/** A procedure, or a pattern of procedures, and the sessions that serve it. */
export class Registration {
  /** Router scope; never given again. */
  readonly id: number
  readonly uri: string
  readonly match: Match
  readonly invoke: Invoke
  /** When it came to be: milliseconds since 1970. */
  readonly created: number
  /** In the order in which they registered. */
  readonly endpoints: Endpoint[] = []
  /** Where a round goes on. */
  next = 0
  /** Who was given whom, where callers stay with an endpoint. */
  given: WeakMap<Peer, Endpoint> | null = null
  /** Calls that wait until an endpoint is free, the oldest first; null until there was one. */
  queue: Set<Call> | null = null

  constructor(id: number, uri: string, match: Match, invoke: Invoke, created: number) {
    this.id = id
    this.uri = uri
    this.match = match
    this.invoke = invoke
    this.created = created
  }
}

/** One session's part in a registration. */
export interface Endpoint {
  readonly registration: Registration
  readonly callee: CallEnds
  /** It wants to know who calls. */
  readonly disclosesCaller: boolean
  /** It sees to timeouts itself. */
  readonly forwardsTimeout: boolean
  /** How many calls it takes at once. */
  readonly concurrency: number
  /** Calls it has. */
  pending: number
  /** It is not part of the registration any more. */
  gone: boolean
}

/** All registrations of a realm. */
export class Registrations {
  readonly index: PatternIndex<Registration> = new PatternIndex()
  readonly byId: Map<number, Registration> = new Map()
  readonly #held = new Map<Peer, Set<Endpoint>>()
  #lastId = 0

  /** A new registration, which has no endpoint yet. */
  create(uri: string, match: Match, invoke: Invoke, created: number): Registration {
    const registration = new Registration(++this.#lastId, uri, match, invoke, created)
    this.index.set(match, uri, registration)
    this.byId.set(registration.id, registration)
    return registration
  }

  /** How many a session has part in. */
  countOf(callee: Peer): number {
    return this.#held.get(callee)?.size ?? 0
  }

  /** True of a session that has a registration. */
  holds(callee: Peer): boolean {
    return this.#held.has(callee)
  }

  /** A session's part in a registration; undefined where it has none. */
  find(id: number, peer: Peer): Endpoint | undefined {
    return this.byId.get(id)?.endpoints.find(({ callee }) => callee.peer === peer)
  }

  /** What a session has part in. */
  heldBy(peer: Peer): Endpoint[] {
    return [...(this.#held.get(peer) ?? [])]
  }

  join(endpoint: Endpoint): void {
    endpoint.registration.endpoints.push(endpoint)
    const { peer } = endpoint.callee
    const held = this.#held.get(peer)
    if (held === undefined) this.#held.set(peer, new Set([endpoint]))
    else held.add(endpoint)
  }

  /** Takes an endpoint off its registration, which ends with its last one. */
  part(endpoint: Endpoint): void {
    const { registration, callee } = endpoint
    const { endpoints } = registration
    const at = endpoints.indexOf(endpoint)
    endpoints.splice(at, 1)
    if (at < registration.next) registration.next--
    endpoint.gone = true
    const held = this.#held.get(callee.peer)
    held?.delete(endpoint)
    if (held?.size === 0) this.#held.delete(callee.peer)
    if (endpoints.length > 0) return
    this.index.delete(registration.match, registration.uri)
    this.byId.delete(registration.id)
  }
}
