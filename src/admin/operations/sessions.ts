import Type, { type Static } from 'typebox'
import { isUri } from '../../match/uri.ts'
import { INVALID_URI, KILLED, NO_SUCH_SESSION, WampError } from '../../protocol/errors.ts'
import type { Member, Realm } from '../../realm/realm.ts'
import { operation } from '../operation.ts'
import { found, MAX_ROWS, page, paged, pageOf } from '../pages.ts'
import { inRealm, matched, realmOf } from '../realm-of.ts'

const row = Type.Object({
  realm: Type.String(),
  session: Type.Integer({ description: 'Its id.' }),
  authid: Type.String(),
  authrole: Type.String(),
  authmethod: Type.String(),
  transport: Type.String({ description: '`websocket`, `rawsocket`, … or `local`.' }),
  protocol: Type.String({ description: 'The subprotocol: `wamp.2.json`, …' }),
  peer: Type.String({ description: 'Where it comes from.' }),
  joined: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Milliseconds since 1970; null for sessions of the router’s own process.',
  }),
  waiting: Type.Integer({ description: 'Bytes that its client has not read yet.' }),
  subscriptions: Type.Integer(),
  registrations: Type.Integer(),
})

const one = Type.Object({
  ...row.properties,
  details: Type.Record(Type.String(), Type.Unknown(), {
    description: 'What the meta API tells of it.',
  }),
  subscribed: Type.Array(Type.Object({ ...matched, subscription: Type.Integer() })),
  registered: Type.Array(
    Type.Object({
      ...matched,
      registration: Type.Integer(),
      pending: Type.Integer({ description: 'Calls that it has to answer.' }),
    }),
  ),
})

export type SessionRow = Static<typeof row>
export type OneSession = Static<typeof one>

const search = Type.Optional(
  Type.String({
    maxLength: 200,
    description: 'A part of the id, authid, authrole, transport or address.',
  }),
)

export const sessions = [
  operation({
    id: 'listSessions',
    method: 'GET',
    path: '/realms/{realm}/sessions',
    about: 'The sessions of a realm, the oldest first.',
    parameters: paged({ ...inRealm, search }),
    answer: pageOf(row),
    run(house, asked) {
      const realm = realmOf(house, asked.realm)
      const wanted = found(realm.members.values(), asked.search, textsOf)
      return page(wanted, asked, member => rowOf(realm, member))
    },
  }),
  operation({
    id: 'getSession',
    method: 'GET',
    path: '/realms/{realm}/sessions/{session}',
    about: 'A session, what it subscribed to and what it registered.',
    parameters: Type.Object({ ...inRealm, session: Type.Integer() }),
    answer: one,
    carries: true,
    run(house, asked) {
      const realm = realmOf(house, asked.realm)
      const member = memberOf(realm, asked.session)
      return {
        ...rowOf(realm, member),
        details: member.details,
        subscribed: [...realm.subscriptions.heldBy(member)].slice(0, MAX_ROWS).map(held => {
          const { id: subscription, uri, match } = held
          return { subscription, uri, match }
        }),
        registered: realm.registrations
          .heldBy(member)
          .slice(0, MAX_ROWS)
          .map(held => {
            const { registration, pending } = held
            const { id, uri, match } = registration
            return { registration: id, uri, match, pending }
          }),
      }
    },
  }),
  operation({
    id: 'killSession',
    method: 'POST',
    path: '/realms/{realm}/sessions/{session}/kill',
    about: 'Ends a session with a GOODBYE.',
    parameters: Type.Object({ ...inRealm, session: Type.Integer() }),
    body: Type.Object(
      {
        reason: Type.Optional(
          Type.String({ description: 'A URI; by default `wamp.close.killed`.' }),
        ),
        message: Type.Optional(Type.String({ description: 'For people.', maxLength: 1000 })),
      },
      { additionalProperties: false },
    ),
    answer: Type.Object({}),
    run(house, { realm, session, body: { reason = KILLED, message } }) {
      if (!isUri(reason, 'loose')) throw new WampError(INVALID_URI, ['reason is no URI'])
      memberOf(realmOf(house, realm), session).kill(reason, message)
      return {}
    },
  }),
  operation({
    id: 'listSlowSessions',
    method: 'GET',
    path: '/slow',
    about: 'The sessions of all realms for whose clients most waits, those first.',
    parameters: Type.Object({
      limit: Type.Integer({ minimum: 1, maximum: MAX_ROWS, default: 100 }),
    }),
    answer: Type.Object({ rows: Type.Array(row) }),
    run(house, { limit }) {
      const slow: { realm: Realm; member: Member; waiting: number }[] = []
      for (const realm of house.realms()) {
        for (const member of realm.members.values()) {
          const { waiting = 0 } = member
          if (waiting > 0) slow.push({ realm, member, waiting })
        }
      }
      slow.sort((a, b) => b.waiting - a.waiting)
      return { rows: slow.slice(0, limit).map(({ realm, member }) => rowOf(realm, member)) }
    },
  }),
]

/** A member of a realm as rows tell of it. */
export function rowOf(realm: Realm, member: Member) {
  const { id, authid, authrole, details, origin, joined = null, waiting = 0 } = member
  return {
    ...{ realm: realm.name, session: id, authid, authrole },
    authmethod: details.authmethod,
    transport: origin?.kind ?? 'local',
    protocol: origin?.protocol ?? '',
    peer: origin?.peer ?? '',
    ...{ joined, waiting },
    subscriptions: realm.subscriptions.countOf(member),
    registrations: realm.registrations.countOf(member),
  }
}

function textsOf({ id, authid, authrole, origin }: Member): string[] {
  const { kind = 'local', peer = '' } = origin ?? {}
  return [String(id), authid, authrole, kind, peer]
}

function memberOf(realm: Realm, session: number): Member {
  const member = realm.members.get(session)
  if (member !== undefined) return member
  throw new WampError(NO_SUCH_SESSION, [`there is no session ${session}`])
}
