import Type, { type Static } from 'typebox'
import { about, CLOSED, name, named, SECRET } from '../base/keys.ts'
import {
  type AuthKind,
  type AuthMethod,
  authidOf,
  DENIED,
  type Identity,
  principalsIn,
  type Step,
} from './auth.ts'
import { isSame } from './same.ts'

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
    begin(hello) {
      const authid = authidOf(hello)
      if (authid === undefined) return null
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
      return identity === null ? DENIED : { identity }
    },
  }
}

export const ticketKind: AuthKind<Keys> & { keys: typeof keys } = {
  name: 'ticket',
  keys,
  principals: ({ principals }) => principalsIn(principals),
  create: ticket,
}
