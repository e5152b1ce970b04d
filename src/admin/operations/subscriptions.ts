import Type, { type Static } from 'typebox'
import type { Subscription } from '../../broker/subscriptions.ts'
import { NO_SUCH_SUBSCRIPTION, WampError } from '../../protocol/errors.ts'
import { operation } from '../operation.ts'
import { found, page, paged, pageOf } from '../pages.ts'
import { inRealm, matched, realmOf } from '../realm-of.ts'

const row = Type.Object({
  subscription: Type.Integer({ description: 'Its id.' }),
  ...matched,
  created: Type.Integer({ description: 'Milliseconds since 1970.' }),
  subscribers: Type.Integer(),
  history: Type.Boolean({ description: 'Its events are kept.' }),
})

const subscriber = Type.Object({
  session: Type.Integer(),
  authid: Type.String(),
  authrole: Type.String(),
})

const one = Type.Object({ ...row.properties, ...pageOf(subscriber).properties })

export type SubscriptionRow = Static<typeof row>
export type OneSubscription = Static<typeof one>

export const subscriptions = [
  operation({
    id: 'listSubscriptions',
    method: 'GET',
    path: '/realms/{realm}/subscriptions',
    about: 'The topics and patterns that are subscribed to in a realm, the oldest first.',
    parameters: paged({ ...inRealm, search: Type.Optional(Type.String({ maxLength: 200 })) }),
    answer: pageOf(row),
    run(house, asked) {
      const all = realmOf(house, asked.realm).subscriptions.all()
      return page(
        found(all, asked.search, ({ uri }) => [uri]),
        asked,
        rowOf,
      )
    },
  }),
  operation({
    id: 'getSubscription',
    method: 'GET',
    path: '/realms/{realm}/subscriptions/{subscription}',
    about: 'A subscription and those who hold it.',
    parameters: paged({ ...inRealm, subscription: Type.Integer() }),
    answer: one,
    run(house, asked) {
      const subscription = realmOf(house, asked.realm).subscriptions.get(asked.subscription)
      if (subscription === undefined) {
        throw new WampError(NO_SUCH_SUBSCRIPTION, [
          `there is no subscription ${asked.subscription}`,
        ])
      }
      const members = page(subscription.members, asked, ({ id: session, authid, authrole }) => {
        return { session, authid, authrole }
      })
      return { ...rowOf(subscription), ...members }
    },
  }),
]

function rowOf({ id, uri, match, created, members, history }: Subscription) {
  const facts = { subscription: id, uri, match, created }
  return { ...facts, subscribers: members.size, history: history !== null }
}
