import Type from 'typebox'
import type { LocalSession } from '../../client/local-session.ts'
import { Result } from '../../client/local-session.ts'
import { type AdminHouse, operation } from '../operation.ts'
import { inRealm } from '../realm-of.ts'

/** Who the sessions of this endpoint are to others. */
const AUTHID = 'wampd.admin'

const kwargs = Type.Record(Type.String(), Type.Unknown())

const payload = {
  args: Type.Optional(Type.Array(Type.Unknown())),
  kwargs: Type.Optional(kwargs),
  options: Type.Optional(kwargs),
  role: Type.Optional(
    Type.String({
      description: 'A role of the realm, with its permissions. Without it all is allowed.',
    }),
  ),
}

export const messages = [
  operation({
    id: 'call',
    method: 'POST',
    path: '/realms/{realm}/call',
    about: 'Calls a procedure, and gives its result.',
    parameters: Type.Object(inRealm),
    body: Type.Object({ procedure: Type.String(), ...payload }, { additionalProperties: false }),
    answer: Type.Object({ args: Type.Array(Type.Unknown()), kwargs }),
    carries: true,
    run: (house, { realm, body }, signal) =>
      by(house, realm, body.role, async session => {
        const { procedure, args = [], kwargs = {}, options = {} } = body
        const outcome = await session.call(procedure, args, kwargs, { ...options, signal })
        if (outcome instanceof Result) return { args: outcome.args, kwargs: outcome.kwargs }
        return { args: outcome === undefined ? [] : [outcome], kwargs: {} }
      }),
  }),
  operation({
    id: 'publish',
    method: 'POST',
    path: '/realms/{realm}/publish',
    about: 'Publishes to a topic, and gives the id of the publication.',
    parameters: Type.Object(inRealm),
    body: Type.Object({ topic: Type.String(), ...payload }, { additionalProperties: false }),
    answer: Type.Object({ publication: Type.Integer() }),
    run: (house, { realm, body }) =>
      by(house, realm, body.role, async session => {
        const { topic, args = [], kwargs = {}, options = {} } = body
        const id = await session.publish(topic, args, kwargs, { ...options, acknowledge: true })
        return { publication: id as number }
      }),
  }),
]

/** Has a session of its own do something. Rejects with a WampError. */
async function by<Answer>(
  house: AdminHouse,
  realm: string,
  authrole: string | undefined,
  act: (session: LocalSession) => Promise<Answer>,
): Promise<Answer> {
  const session = house.session(realm, {
    authid: AUTHID,
    ...(authrole === undefined ? {} : { authrole }),
  })
  try {
    return await act(session)
  } finally {
    session.close()
  }
}
