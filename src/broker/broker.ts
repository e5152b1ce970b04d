import type { Clock } from '../base/clock.ts'
import type { RandomId } from '../base/ids.ts'
import { FanOuts, fanOut } from '../delivery/fanout.ts'
import type { Gap } from '../delivery/gaps.ts'
import type { Peer } from '../delivery/outlet.ts'
import { SharedMessage } from '../delivery/shared-message.ts'
import { isReserved, type Match } from '../match/uri.ts'
import {
  INVALID_ARGUMENT,
  NO_SUCH_SUBSCRIPTION,
  type PayloadError,
  STORE_FAILED,
} from '../protocol/errors.ts'
import { SUBSCRIBER_HEARS_REVOCATION } from '../protocol/features.ts'
import {
  EVENT,
  type EventMessage,
  errorFor,
  type Message,
  NO_DETAILS,
  PUBLISHED,
  type Publish,
  SUBSCRIBED,
  type Subscribe,
  UNSUBSCRIBED,
  type Unsubscribe,
} from '../protocol/messages.ts'
import { type Dict, Payload } from '../protocol/payload.ts'
import type { Store, StoredEvent } from '../store/store.ts'
import type { Traffic } from '../traffic/traffic.ts'
import { eventDetails } from './event-details.ts'
import { History, type Page, type Query } from './history.ts'
import { HistoryReads } from './history-reads.ts'
import type { PubSubOptions } from './options.ts'
import { Replay } from './replay.ts'
import { Reports } from './reports.ts'
import { RetainedEvents } from './retained.ts'
import { listsOf, scopeOf } from './scope.ts'
import { isOver, type Subscription, Subscriptions } from './subscriptions.ts'

/** Hears what becomes of subscriptions, in order, after the session concerned has been answered. */
export interface Watch {
  created(peer: Peer, subscription: Subscription): void
  subscribed(peer: Peer, subscription: Subscription): void
  unsubscribed(peer: Peer, subscription: Subscription): void
  deleted(peer: Peer, subscription: Subscription): void
}

/** What a broker is made of. */
export interface BrokerParts {
  readonly randomId: RandomId
  readonly clock: Clock
  readonly store: Store
  readonly options: PubSubOptions
  readonly watch: Watch
  /** Of the realm, whose name the traffic's watch is told. */
  readonly realm: string
  readonly traffic: Traffic
  /** The session is still there: answers that had to wait find it. */
  isHere(peer: Peer): boolean
}

/**
 * Routes the publications of a realm. What comes here is allowed and its URIs are sound: the realm
 * has seen to that. Answers and events leave through the peers at once; only the answer to a
 * publication that is stored for good waits until it is.
 */
export class Broker {
  readonly subscriptions: Subscriptions = new Subscriptions()
  readonly retained: RetainedEvents
  readonly reports: Reports = new Reports()
  readonly #parts: BrokerParts
  readonly #hasHistories: boolean
  readonly #fanOuts: FanOuts
  readonly #reads: HistoryReads

  constructor(parts: BrokerParts) {
    const { store, clock, options } = parts
    this.#parts = parts
    this.#fanOuts = new FanOuts(clock)
    this.#reads = new HistoryReads(clock)
    this.retained = new RetainedEvents(store, clock, options.retained_events)
    const histories = options.event_history ?? []
    this.#hasHistories = histories.length > 0
    for (const { uri, match = 'exact', ...bounds } of histories) {
      const history = new History(store.log(match, uri), clock, bounds)
      this.subscriptions.open(match, uri, clock.now(), history)
    }
  }

  subscribe(peer: Peer, message: Subscribe, match: Match): void {
    const { request, topic, options } = message
    const { subscriptions } = this
    const { watch, clock } = this.#parts
    const known = subscriptions.index.get(match, topic)
    const subscription = known ?? subscriptions.open(match, topic, clock.now(), null)
    const again = subscription.members.has(peer)
    subscriptions.add(peer, subscription)
    peer.send({ type: SUBSCRIBED, request, subscription: subscription.id })
    if (options.get_retained === true) this.#replay(peer, subscription)
    if (known === undefined) watch.created(peer, subscription)
    if (!again) watch.subscribed(peer, subscription)
  }

  unsubscribe(peer: Peer, message: Unsubscribe): void {
    const subscription = this.subscriptions.get(message.subscription)
    if (subscription === undefined || !subscription.members.has(peer)) {
      peer.send(errorFor(message, NO_SUCH_SUBSCRIPTION))
      return
    }
    this.#remove(peer, subscription)
    peer.send({ type: UNSUBSCRIBED, request: message.request, details: null })
    this.gone(peer, [subscription])
  }

  /** Takes a session off a subscription that it holds (WAMP, "Subscription Revocation"). */
  revoke(peer: Peer, subscription: Subscription, reason: string | undefined): void {
    this.#remove(peer, subscription)
    if ((peer.features & SUBSCRIBER_HEARS_REVOCATION) !== 0) {
      const { id } = subscription
      const details = reason === undefined ? { subscription: id } : { subscription: id, reason }
      peer.send({ type: UNSUBSCRIBED, request: 0, details })
    }
    this.gone(peer, [subscription])
  }

  #remove(peer: Peer, subscription: Subscription): void {
    this.subscriptions.remove(peer, subscription)
    peer.unsubscribed?.(subscription.id)
  }

  /** Tells that a session holds subscriptions no more. */
  gone(peer: Peer, subscriptions: Iterable<Subscription>): void {
    const { watch } = this.#parts
    for (const subscription of subscriptions) {
      watch.unsubscribed(peer, subscription)
      if (isOver(subscription)) watch.deleted(peer, subscription)
    }
  }

  /**
   * `disclosed`: EVENT names the publisher. `trustLevel`: what EVENT says of it, if anything.
   * Throws ProtocolViolation, and PayloadError where not all could be given the event, though all
   * others were.
   */
  publish(peer: Peer, message: Publish, disclosed = false, trustLevel?: number): void {
    const { options, topic } = message
    const acknowledge = options.acknowledge === true
    const admits = options === NO_DETAILS ? null : scopeOf(options)
    if (typeof admits === 'string') {
      if (acknowledge) peer.send(errorFor(message, INVALID_ARGUMENT, admits))
      return
    }
    let details = eventDetails(peer, options, disclosed, trustLevel)
    const { index } = this.subscriptions
    const exact = index.get('exact', topic)
    const patterns = index.hasPatterns ? index.patternsOf(topic) : NONE
    const retain = options.retain === true
    if (exact === undefined && patterns.length === 0 && !acknowledge && !retain) return
    const publication = this.#parts.randomId()
    const { traffic, realm } = this.#parts
    if (traffic.watch !== null) {
      const receivers = receiversOf(exact, patterns)
      details = traffic.watch.published(realm, peer, message, publication, receivers, details)
    }
    const except = options.exclude_me === false ? null : peer
    const { payload } = message
    const wantsReport = acknowledge && options._report === true
    const tally = wantsReport ? this.reports.open(peer, publication) : null
    let failure: PayloadError | null = null
    if (exact !== undefined) {
      const event = { type: EVENT, subscription: exact.id, publication, details, payload } as const
      failure = this.#fanOuts.give(peer, exact, event, except, admits, tally)
    }
    if (patterns.length > 0) {
      const withTopic = { topic, ...details }
      for (const pattern of patterns) {
        const event = {
          type: EVENT,
          subscription: pattern.id,
          publication,
          details: withTopic,
          payload,
        } as const
        failure = this.#fanOuts.give(peer, pattern, event, except, admits, tally) ?? failure
      }
    }
    const keeps = retain || this.#hasHistories
    const stored = keeps && this.#keep(exact, patterns, message, publication, details)
    // Who asked for a report finds it there.
    if (failure !== null && !wantsReport) throw failure
    if (acknowledge) this.#acknowledge(peer, message, publication, stored)
  }

  /**
   * Publishes an event of the router's own. Only who subscribed to the router's namespace hears it:
   * the right to a wide pattern is no right to the meta API.
   */
  announce(topic: string, payload: Payload): void {
    const { index } = this.subscriptions
    const exact = index.get('exact', topic)
    const patterns = index.patternsOf(topic).filter(({ uri }) => isReserved(uri))
    const met = exact === undefined ? patterns : [exact, ...patterns]
    if (met.length === 0) return
    const { randomId, clock } = this.#parts
    const publication = randomId()
    const event = { topic, payload, details: NO_DETAILS, audience: NO_DETAILS }
    for (const { id, members, match, history } of met) {
      const details = match === 'exact' ? NO_DETAILS : { topic }
      const message = { type: EVENT, subscription: id, publication, details, payload } as const
      fanOut(members, new SharedMessage(message, null, clock.elapsed()), null, null)
      history?.add({ publication, time: clock.now(), ...event })
    }
  }

  /** What a session may see of a history, later where that takes long. Throws WampError. */
  read(history: History, query: Query, reader: Peer): Page | Promise<Page> {
    const isHere = () => this.#parts.isHere(reader)
    return this.#reads.read(reader, history.read(query, reader), isHere)
  }

  /** What a session hears of events that it has missed; null where it did not subscribe to that. */
  notice(peer: Peer, { subscription, from, to, count }: Gap): EventMessage | null {
    const heard = this.subscriptions.index.get('exact', ON_GAP)
    if (heard === undefined || !heard.members.has(peer)) return null
    const publication = this.#parts.randomId()
    const payload = Payload.of([{ subscription, from, to, count }])
    return { type: EVENT, subscription: heard.id, publication, details: NO_DETAILS, payload }
  }

  /** The session is over: it holds nothing any more. Gives what it held, for `gone`. */
  leave(peer: Peer): Iterable<Subscription> {
    return this.subscriptions.removeAll(peer)
  }

  /** Sends what is retained for the topics of a subscription; what is much, in parts. */
  #replay(peer: Peer, subscription: Subscription): void {
    const replay = new Replay(this.retained, peer, subscription)
    replay.run()
    if (!replay.isOver) this.#fanOuts.later(replay, replay)
  }

  /** Puts a publication where it is to stay; false where that is nowhere. */
  #keep(
    exact: Subscription | undefined,
    patterns: readonly Subscription[],
    { topic, payload, options }: Publish,
    publication: number,
    details: Dict,
  ): boolean {
    const audience = listsOf(options)
    // Session ids mean nothing later on (WAMP, "Event History").
    const lasts = audience.eligible === undefined && audience.exclude === undefined
    const met = exact === undefined ? patterns : [exact, ...patterns]
    const histories = lasts ? met.filter(({ history }) => history !== null) : NONE
    const retain = options.retain === true
    if (!retain && histories.length === 0) return false
    const time = this.#parts.clock.now()
    const kept = payload.keep()
    const event: StoredEvent = { publication, time, topic, details, audience, payload: kept }
    if (retain) this.retained.set(event)
    for (const { history } of histories) history?.add(event)
    return true
  }

  /** PUBLISHED, as soon as what was stored outlives the router. */
  #acknowledge(peer: Peer, message: Publish, publication: number, stored: boolean): void {
    const published = { type: PUBLISHED, request: message.request, publication } as const
    const lasting = stored ? this.#parts.store.lasting() : null
    if (lasting === null) {
      peer.send(published)
      return
    }
    const answer = (message: Message) => {
      if (this.#parts.isHere(peer)) peer.send(message)
    }
    lasting.then(
      () => answer(published),
      (error: Error) => answer(errorFor(message, STORE_FAILED, error.message)),
    )
  }
}

function receiversOf(exact: Subscription | undefined, patterns: readonly Subscription[]): number {
  return patterns.reduce((sum, { members }) => sum + members.size, exact?.members.size ?? 0)
}

/** Where a session that reads too slowly hears what it has missed: each hears of its own gaps. */
const ON_GAP = 'wampd.session.on_gap'

const NONE: readonly Subscription[] = []
