import type { Peer } from '../delivery/outlet.ts'
import { PatternIndex } from '../match/patterns.ts'
import type { Match } from '../match/uri.ts'

/** What one or more sessions subscribed to: a pattern, and who they are. */
export interface Subscription {
  /** Router scope. */
  readonly id: number
  readonly uri: string
  readonly match: Match
  readonly members: Set<Peer>
}

/** All subscriptions of a realm. A subscription lives while it has members. */
export class Subscriptions {
  readonly index: PatternIndex<Subscription> = new PatternIndex()
  readonly #byId = new Map<number, Subscription>()
  readonly #held = new Map<Peer, Set<Subscription>>()
  #lastId = 0

  get(id: number): Subscription | undefined {
    return this.#byId.get(id)
  }

  /** The peer's subscription to a pattern, made if need be: once for all who ask for it. */
  add(peer: Peer, match: Match, uri: string): Subscription {
    let subscription = this.index.get(match, uri)
    if (subscription === undefined) {
      subscription = { id: ++this.#lastId, uri, match, members: new Set() }
      this.index.set(match, uri, subscription)
      this.#byId.set(subscription.id, subscription)
    }
    subscription.members.add(peer)
    let held = this.#held.get(peer)
    if (held === undefined) {
      held = new Set()
      this.#held.set(peer, held)
    }
    held.add(subscription)
    return subscription
  }

  remove(peer: Peer, subscription: Subscription): void {
    this.#drop(peer, subscription)
    const held = this.#held.get(peer)
    held?.delete(subscription)
    if (held?.size === 0) this.#held.delete(peer)
  }

  removeAll(peer: Peer): void {
    for (const subscription of this.#held.get(peer) ?? []) this.#drop(peer, subscription)
    this.#held.delete(peer)
  }

  #drop(peer: Peer, subscription: Subscription): void {
    subscription.members.delete(peer)
    if (subscription.members.size > 0) return
    this.index.delete(subscription.match, subscription.uri)
    this.#byId.delete(subscription.id)
  }
}
