import type { RandomId } from '../base/ids.ts'
import { fanOut } from '../delivery/fanout.ts'
import type { Peer } from '../delivery/outlet.ts'
import { isReserved, type Match } from '../match/uri.ts'
import { INVALID_ARGUMENT, NO_SUCH_SUBSCRIPTION } from '../protocol/errors.ts'
import {
  EVENT,
  errorFor,
  NO_DETAILS,
  PUBLISHED,
  type Publish,
  SUBSCRIBED,
  type Subscribe,
  UNSUBSCRIBED,
  type Unsubscribe,
} from '../protocol/messages.ts'
import type { Payload } from '../protocol/payload.ts'
import { eventDetails } from './event-details.ts'
import { scopeOf } from './scope.ts'
import { type Subscription, Subscriptions } from './subscriptions.ts'

/**
 * Routes the publications of a realm. What comes here is allowed and its URIs are sound: the realm
 * has seen to that. Everything happens at once; answers and events leave through the peers.
 */
export class Broker {
  readonly #subscriptions = new Subscriptions()
  readonly #randomId: RandomId

  constructor(randomId: RandomId) {
    this.#randomId = randomId
  }

  subscribe(peer: Peer, message: Subscribe, match: Match): void {
    const subscription = this.#subscriptions.add(peer, match, message.topic)
    peer.send({ type: SUBSCRIBED, request: message.request, subscription: subscription.id })
  }

  unsubscribe(peer: Peer, message: Unsubscribe): void {
    const subscription = this.#subscriptions.get(message.subscription)
    if (subscription === undefined || !subscription.members.has(peer)) {
      peer.send(errorFor(message, NO_SUCH_SUBSCRIPTION))
      return
    }
    this.#subscriptions.remove(peer, subscription)
    peer.send({ type: UNSUBSCRIBED, request: message.request })
  }

  /**
   * `disclosed`: EVENT names the publisher. `trustLevel`: what EVENT says of it, if anything.
   * Throws ProtocolViolation.
   */
  publish(peer: Peer, message: Publish, disclosed = false, trustLevel?: number): void {
    const { options, topic } = message
    const acknowledge = options.acknowledge === true
    const admits = options === NO_DETAILS ? null : scopeOf(options)
    if (typeof admits === 'string') {
      if (acknowledge) peer.send(errorFor(message, INVALID_ARGUMENT, admits))
      return
    }
    const details = eventDetails(peer, options, disclosed, trustLevel)
    const { index } = this.#subscriptions
    const exact = index.get('exact', topic)
    const patterns = index.hasPatterns ? index.patternsOf(topic) : NONE
    if (exact === undefined && patterns.length === 0 && !acknowledge) return
    const publication = this.#randomId()
    const except = options.exclude_me === false ? null : peer
    const { payload } = message
    if (exact !== undefined) {
      const { id, members } = exact
      fanOut(
        members,
        { type: EVENT, subscription: id, publication, details, payload },
        except,
        admits,
      )
    }
    const withTopic = patterns.length > 0 ? { topic, ...details } : details
    for (const { id, members } of patterns) {
      fanOut(
        members,
        { type: EVENT, subscription: id, publication, details: withTopic, payload },
        except,
        admits,
      )
    }
    if (acknowledge) peer.send({ type: PUBLISHED, request: message.request, publication })
  }

  /**
   * Publishes an event of the router's own. Only who subscribed to the router's namespace hears it:
   * the right to a wide pattern is no right to the meta API.
   */
  announce(topic: string, payload: Payload): void {
    const { index } = this.#subscriptions
    const exact = index.get('exact', topic)
    const patterns = index.patternsOf(topic).filter(({ uri }) => isReserved(uri))
    if (exact === undefined && patterns.length === 0) return
    const publication = this.#randomId()
    for (const { id, members, match } of exact === undefined ? patterns : [exact, ...patterns]) {
      const details = match === 'exact' ? NO_DETAILS : { topic }
      fanOut(members, { type: EVENT, subscription: id, publication, details, payload }, null, null)
    }
  }

  /** The session is over: it holds nothing any more. */
  leave(peer: Peer): void {
    this.#subscriptions.removeAll(peer)
  }
}

const NONE: readonly Subscription[] = []
