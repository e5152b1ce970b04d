import Type, { type Static } from 'typebox'
import type { Registration } from '../../dealer/registrations.ts'
import { NO_SUCH_REGISTRATION, WampError } from '../../protocol/errors.ts'
import { INVOKES } from '../../protocol/invoke.ts'
import { operation } from '../operation.ts'
import { found, MAX_ROWS, page, paged, pageOf } from '../pages.ts'
import { inRealm, matched, realmOf } from '../realm-of.ts'

const row = Type.Object({
  registration: Type.Integer({ description: 'Its id.' }),
  ...matched,
  invoke: Type.Enum([...INVOKES]),
  created: Type.Integer({ description: 'Milliseconds since 1970.' }),
  callees: Type.Integer(),
  pending: Type.Integer({ description: 'Calls that callees have to answer.' }),
  queued: Type.Integer({ description: 'Calls that wait until a callee is free.' }),
})

const callee = Type.Object({
  session: Type.Integer(),
  authid: Type.String(),
  authrole: Type.String(),
  pending: Type.Integer(),
  concurrency: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Calls that it takes at once; null for as many as come.',
  }),
})

const one = Type.Object({ ...row.properties, served: Type.Array(callee) })

export type RegistrationRow = Static<typeof row>
export type OneRegistration = Static<typeof one>

export const registrations = [
  operation({
    id: 'listRegistrations',
    method: 'GET',
    path: '/realms/{realm}/registrations',
    about: 'The procedures that are registered in a realm, the oldest first.',
    parameters: paged({ ...inRealm, search: Type.Optional(Type.String({ maxLength: 200 })) }),
    answer: pageOf(row),
    run(house, asked) {
      const { byId } = realmOf(house, asked.realm).registrations
      return page(
        found(byId.values(), asked.search, ({ uri }) => [uri]),
        asked,
        rowOf,
      )
    },
  }),
  operation({
    id: 'getRegistration',
    method: 'GET',
    path: '/realms/{realm}/registrations/{registration}',
    about: 'A registration and its callees.',
    parameters: Type.Object({ ...inRealm, registration: Type.Integer() }),
    answer: one,
    run(house, asked) {
      const registration = realmOf(house, asked.realm).registrations.byId.get(asked.registration)
      if (registration === undefined) {
        throw new WampError(NO_SUCH_REGISTRATION, [
          `there is no registration ${asked.registration}`,
        ])
      }
      const served = registration.endpoints.slice(0, MAX_ROWS).map(endpoint => {
        const { id: session, authid, authrole } = endpoint.callee.peer
        const { pending, concurrency } = endpoint
        const most = Number.isFinite(concurrency) ? concurrency : null
        return { session, authid, authrole, pending, concurrency: most }
      })
      return { ...rowOf(registration), served }
    },
  }),
]

function rowOf({ id, uri, match, invoke, created, endpoints, queue }: Registration) {
  return {
    ...{ registration: id, uri, match, invoke, created, callees: endpoints.length },
    pending: endpoints.reduce((sum, { pending }) => sum + pending, 0),
    queued: queue?.size ?? 0,
  }
}
