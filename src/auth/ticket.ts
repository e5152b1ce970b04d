import { createHash, timingSafeEqual } from 'node:crypto'
import Type, { type Static } from 'typebox'
import { about, CLOSED, name, named, SECRET } from '../base/keys.ts'
import { AUTHENTICATION_FAILED } from '../protocol/errors.ts'
import type { AuthKind, AuthMethod, Identity, Step } from './auth.ts'

const principal = Type.Object(
  {
    ticket: name({ ...SECRET, ...about('The secret that the client sends.', 'live') }),
    role: name(about('The role that the session gets.', 'live')),
  },
  CLOSED,
)

const keys = Type.Object(
  {
    principals: named(principal, about('The users, by the authid that they give.', 'live')),
  },
  {
    ...CLOSED,
    ...about('Users with a secret that they send as it is: use TLS beyond loopback.', 'live'),
  },
)

type Keys = Static<typeof keys>

/** Users who prove themselves by a secret (WAMP, "Ticket-based Authentication"). */
function ticket({ principals }: Keys): AuthMethod {
  const known = new Map(Object.entries(principals))
  return {
    name: 'ticket',
    begin({ details: { authid } }) {
      if (typeof authid !== 'string') return null
      const user = known.get(authid)
      if (user === undefined) return null
      const identity = { authid, authrole: user.role, authprovider: 'static' }
      return challenge(given => (isSame(given, user.ticket) ? identity : null))
    },
    stranger: () =>
      challenge(given => {
        // It takes as long as with a user.
        isSame(given, '')
        return null
      }),
  }
}

function challenge(verify: (ticket: string) => Identity | null): Step {
  return {
    challenge: {},
    answer(given) {
      const identity = verify(given)
      if (identity !== null) return { identity }
      return { refused: AUTHENTICATION_FAILED, text: 'no user has this authid and this ticket' }
    },
  }
}

/** Compares in constant time, whatever the lengths. */
function isSame(a: string, b: string): boolean {
  const [one, other] = [a, b].map(text => createHash('sha256').update(text).digest())
  return timingSafeEqual(one as Buffer, other as Buffer)
}

export const ticketKind: AuthKind<Keys> & { keys: typeof keys } = {
  name: 'ticket',
  keys,
  principals: keys =>
    Object.entries(keys.principals).map(([authid, { role }]) => ({
      authid,
      role,
      path: ['principals', authid, 'role'],
    })),
  create: ticket,
}
