import type { Broker } from '../broker/broker.ts'
import type { Page, Query } from '../broker/history.ts'
import type { Subscription } from '../broker/subscriptions.ts'
import { type Dict, Payload } from '../protocol/payload.ts'
import type { StoredEvent } from '../store/store.ts'
import { idOf, invalid, type MetaProcedure, type MetaRealm, textOf } from './meta.ts'
import { subscriptionOf } from './subscriptions.ts'

/** `wamp.subscription.get_events` (WAMP, "Event History"). */
export function historyProcedures(realm: MetaRealm, broker: Broker): [string, MetaProcedure][] {
  return [
    [
      'wamp.subscription.get_events',
      (caller, args, kwargs) => {
        const subscription = subscriptionOf(broker, args[0])
        const { history, uri, match } = subscription
        const query = queryOf(kwargs)
        realm.check(caller, 'subscribe', uri, match)
        if (history === null) return Payload.of([], { complete: false, more: false })
        const answer = (page: Page) => answerOf(page, history.first, subscription)
        const page = broker.read(history, query, caller)
        return page instanceof Promise ? page.then(answer) : answer(page)
      },
    ],
  ]
}

function answerOf(
  { events, complete, more }: Page,
  first: StoredEvent | undefined,
  subscription: Subscription,
): Payload {
  const facts = {
    complete,
    more,
    ...(first === undefined ? {} : { first_publication: first.publication }),
  }
  return Payload.of(
    events.map(event => recordOf(event, subscription)),
    facts,
  )
}

/** An event as history tells it. */
function recordOf(event: StoredEvent, { id, match }: Subscription): Dict {
  const { time, publication, topic, details, payload } = event
  return {
    timestamp: new Date(time).toISOString(),
    subscription: id,
    publication,
    details: match === 'exact' ? details : { topic, ...details },
    ...payload.values(),
  }
}

function queryOf(kwargs: Dict): Query {
  const given = <T>(name: string, read: (value: unknown, name: string) => T): T | undefined => {
    const value = kwargs[name] ?? undefined
    return value === undefined ? undefined : read(value, name)
  }
  const after = given('after_time', timeOf)
  const before = given('before_time', timeOf)
  return {
    reverse: given('reverse', flagOf) ?? false,
    limit: given('limit', countOf) ?? Number.POSITIVE_INFINITY,
    from: Math.max(given('from_time', timeOf) ?? 0, after === undefined ? 0 : after + 1),
    until: Math.min(given('until_time', timeOf) ?? LATEST, (before ?? LATEST) - 1),
    topic: given('topic', textOf),
    fromPublication: given('from_publication', idOf),
    afterPublication: given('after_publication', idOf),
    beforePublication: given('before_publication', idOf),
    untilPublication: given('until_publication', idOf),
  }
}

/** No event is as late as this. */
const LATEST = Number.MAX_SAFE_INTEGER

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/

/** Milliseconds since 1970. */
function timeOf(value: unknown, name: string): number {
  const time = typeof value === 'string' && RFC_3339.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(time)) throw invalid(`${name} is no time of RFC 3339`)
  return time
}

function flagOf(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value
  throw invalid(`${name} is no boolean`)
}

function countOf(value: unknown, name: string): number {
  const count = typeof value === 'bigint' ? Number(value) : value
  if (typeof count === 'number' && Number.isSafeInteger(count) && count > 0) return count
  throw invalid(`${name} is no number above 0`)
}
