import type { Broker, Watch } from '../broker/broker.ts'
import type { Subscription } from '../broker/subscriptions.ts'
import type { Peer } from '../delivery/outlet.ts'
import { isReserved } from '../match/uri.ts'
import { NO_SUCH_SUBSCRIPTION, WampError } from '../protocol/errors.ts'
import type { Dict } from '../protocol/payload.ts'
import {
  idOf,
  idsByMatch,
  type MetaProcedure,
  type MetaRealm,
  matchOf,
  noSuchSession,
  reasonOf,
  textOf,
} from './meta.ts'

/**
 * Tells of subscriptions, where somebody hears of them. Those to the router's own topics are not
 * told of: whoever watches would hear of the watching.
 */
export function subscriptionEvents(realm: MetaRealm): Watch {
  const teller =
    (event: string, tell: (subscription: Subscription) => unknown) =>
    ({ id }: Peer, subscription: Subscription) => {
      if (!realm.isHeard || isReserved(subscription.uri)) return
      realm.announce(`wamp.subscription.${event}`, [id, tell(subscription)])
    }
  const idOnly = ({ id }: Subscription) => id
  return {
    created: teller('on_create', detailsOf),
    subscribed: teller('on_subscribe', idOnly),
    unsubscribed: teller('on_unsubscribe', idOnly),
    deleted: teller('on_delete', idOnly),
  }
}

/** `wamp.subscription.*` (WAMP, "Subscription Meta API"). */
export function subscriptionProcedures(
  { members }: MetaRealm,
  broker: Broker,
): [string, MetaProcedure][] {
  const { subscriptions } = broker
  return [
    ['wamp.subscription.list', () => [idsByMatch(subscriptions.all())]],
    [
      'wamp.subscription.lookup',
      (_, args) => {
        const topic = textOf(args[0], 'topic')
        return [subscriptions.index.get(matchOf(args[1]), topic)?.id ?? null]
      },
    ],
    [
      'wamp.subscription.match',
      (_, args) => {
        const ids = metBy(broker, textOf(args[0], 'topic'))
        return [ids.length === 0 ? null : ids]
      },
    ],
    ['wamp.subscription.get', (_, args) => [detailsOf(subscriptionOf(broker, args[0]))]],
    [
      'wamp.subscription.list_subscribers',
      (_, args) => [[...subscriptionOf(broker, args[0]).members].map(({ id }) => id)],
    ],
    [
      'wamp.subscription.count_subscribers',
      (_, args) => [subscriptionOf(broker, args[0]).members.size],
    ],
    [
      // Not of the specification: as Crossbar.io has it.
      'wamp.subscription.remove_subscriber',
      (_, args, kwargs) => {
        const subscription = subscriptionOf(broker, args[0])
        const id = idOf(args[1], 'session')
        const reason = reasonOf(kwargs)
        const session = members.get(id)
        if (session === undefined) throw noSuchSession(id)
        if (!subscription.members.has(session)) throw noSuchSubscription()
        broker.revoke(session, subscription, reason)
        return []
      },
    ],
  ]
}

/** The subscription of an id among the arguments. */
export function subscriptionOf({ subscriptions }: Broker, value: unknown): Subscription {
  const subscription = subscriptions.get(idOf(value, 'subscription'))
  if (subscription === undefined) throw noSuchSubscription()
  return subscription
}

/** Ids of the subscriptions that an event would reach. */
function metBy({ subscriptions: { index } }: Broker, topic: string): number[] {
  const exact = index.get('exact', topic)
  // As in Broker.announce.
  const patterns = index
    .patternsOf(topic)
    .filter(({ uri }) => isReserved(uri) || !isReserved(topic))
  return (exact === undefined ? patterns : [exact, ...patterns]).map(({ id }) => id)
}

/** SubscriptionDetails of the specification. */
function detailsOf({ id, created, uri, match }: Subscription): Dict {
  return { id, created: new Date(created).toISOString(), uri, match }
}

function noSuchSubscription(): WampError {
  return new WampError(NO_SUCH_SUBSCRIPTION, [
    'there is no such subscription, or not of that session',
  ])
}
