import type { Audience } from '../delivery/fanout.ts'
import type { Peer } from '../delivery/outlet.ts'
import { PatternIndex } from '../match/patterns.ts'
import { isReserved, type Match } from '../match/uri.ts'
import type { History } from './history.ts'

/** What sessions subscribed to: a pattern, and who they are. */
export interface Subscription extends Audience {
  /** Router scope. */
  readonly id: number
  readonly uri: string
  readonly match: Match
  /** Milliseconds since 1970. */
  readonly created: number
  readonly members: Set<Peer>
  /** Where its events are kept. With one, the subscription is there with and without members. */
  readonly history: History | null
}

/** All subscriptions of a realm. One without a history lives while it has members. */
export class Subscriptions {
  readonly index: PatternIndex<Subscription> = new PatternIndex()
  readonly #byId = new Map<number, Subscription>()
  readonly #held = new Map<Peer, Set<Subscription>>()
  #lastId = 0
  #reserved = 0

  /** Somebody may hear of the router's own topics. */
  get hearMeta(): boolean {
    return this.#reserved > 0
  }

  get(id: number): Subscription | undefined {
    return this.#byId.get(id)
  }

  /** Topics and patterns that somebody is subscribed to, or that have a history. */
  get size(): number {
    return this.#byId.size
  }

  /** What a session has. */
  heldBy(peer: Peer): Iterable<Subscription> {
    return this.#held.get(peer) ?? []
  }

  /** How many that is. */
  countOf(peer: Peer): number {
    return this.#held.get(peer)?.size ?? 0
  }

  all(): Iterable<Subscription> {
    return this.#byId.values()
  }

  /** A subscription to a pattern that has none. */
  open(match: Match, uri: string, created: number, history: History | null): Subscription {
    const subscription = {
      id: ++this.#lastId,
      uri,
      match,
      created,
      members: new Set<Peer>(),
      roll: null,
      history,
    }
    this.index.set(match, uri, subscription)
    this.#byId.set(subscription.id, subscription)
    if (isReserved(uri)) this.#reserved++
    return subscription
  }

  add(peer: Peer, subscription: Subscription): void {
    subscription.members.add(peer)
    subscription.roll = null
    let held = this.#held.get(peer)
    if (held === undefined) {
      held = new Set()
      this.#held.set(peer, held)
    }
    held.add(subscription)
  }

  remove(peer: Peer, subscription: Subscription): void {
    this.#drop(peer, subscription)
    const held = this.#held.get(peer)
    held?.delete(subscription)
    if (held?.size === 0) this.#held.delete(peer)
  }

  /** Gives what the peer held. */
  removeAll(peer: Peer): Iterable<Subscription> {
    const held = this.#held.get(peer) ?? []
    for (const subscription of held) this.#drop(peer, subscription)
    this.#held.delete(peer)
    return held
  }

  #drop(peer: Peer, subscription: Subscription): void {
    subscription.members.delete(peer)
    subscription.roll = null
    if (!isOver(subscription)) return
    this.index.delete(subscription.match, subscription.uri)
    this.#byId.delete(subscription.id)
    if (isReserved(subscription.uri)) this.#reserved--
  }
}

/** Nobody holds it and nothing keeps it: its id is not given again. */
export function isOver({ members, history }: Subscription): boolean {
  return members.size === 0 && history === null
}
