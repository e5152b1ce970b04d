import { createHmac, randomBytes } from 'node:crypto'
import Type, { type Static } from 'typebox'
import type { Clock } from '../base/clock.ts'
import { about, CLOSED, name, named, SECRET } from '../base/keys.ts'
import {
  type AuthKind,
  type AuthMethod,
  authidOf,
  DENIED,
  type Hello,
  type Identity,
  principalsIn,
  type Step,
} from './auth.ts'
import { isSame } from './same.ts'
import { lookOf, type SaltLook, saltLike, seedKey, strangers } from './stranger.ts'

/** What the check of a user needs. The text of the secret is the key of the HMAC. */
export const craCredential = Type.Object({
  secret: name({
    ...SECRET,
    ...about(
      'The secret that both sides know; where there is a `salt`, what `wampd hash` makes of it.',
      'live',
    ),
  }),
  salt: Type.Optional(name(about('The salt, any text. Clients see it.', 'live'))),
  iterations: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 10_000_000,
      ...about('With a salt: the rounds of PBKDF2 that the client makes.', 'live', 1000),
    }),
  ),
  keylen: Type.Optional(
    Type.Integer({
      minimum: 16,
      maximum: 64,
      ...about('With a salt: the length of the derived key in bytes.', 'live', 32),
    }),
  ),
})

const principal = Type.Object(
  {
    ...craCredential.properties,
    role: name(about('The role that the session gets.', 'live')),
  },
  CLOSED,
)

const keys = Type.Object(
  {
    principals: named(principal, about('The users, by the authid that they give.', 'live')),
    seed: seedKey,
  },
  {
    ...CLOSED,
    ...about('Users that prove to know a secret without sending it (WAMP-CRA).', 'live'),
  },
)

type Keys = Static<typeof keys>

type CraCredential = Static<typeof craCredential>

/**
 * The challenge for a user (WAMP, "Challenge Response Authentication"). Nobody who is a `stranger`
 * gets in, whatever the answer.
 */
export function craChallenge(
  { session }: Hello,
  identity: Identity,
  { secret, salt, iterations = 1000, keylen = 32 }: CraCredential,
  clock: Clock,
  stranger = false,
): Step {
  const { authid, authrole, authprovider } = identity
  const challenge = JSON.stringify({
    authid,
    authrole,
    authmethod: 'wampcra',
    authprovider,
    nonce: randomBytes(24).toString('base64'),
    timestamp: new Date(clock.now()).toISOString(),
    session,
  })
  const expected = createHmac('sha256', secret).update(challenge).digest('base64')
  return {
    challenge: { challenge, ...(salt === undefined ? {} : { salt, iterations, keylen }) },
    answer: given => (isSame(given, expected) && !stranger ? { identity } : DENIED),
  }
}

/** What a challenge shows of a user. */
interface Traits {
  readonly role: string
  readonly salting?: SaltLook & { readonly iterations: number; readonly keylen: number }
}

function traitsOf({
  role,
  salt,
  iterations = 1000,
  keylen = 32,
}: Static<typeof principal>): Traits {
  return salt === undefined ? { role } : { role, salting: { ...lookOf(salt), iterations, keylen } }
}

function wampcra({ principals, seed }: Keys, clock: Clock): AuthMethod {
  const known = new Map(Object.entries(principals))
  const users = [...known.values()]
  const strangerOf = strangers(users.map(traitsOf), seed)
  const madeUp = (authid: string): Static<typeof principal> | undefined => {
    const stranger = strangerOf?.(authid)
    if (stranger === undefined) return undefined
    const { role, salting } = stranger.traits
    const secret = randomBytes(32).toString('base64')
    return salting === undefined
      ? { role, secret }
      : { role, secret, ...salting, salt: saltLike(salting, stranger.salt) }
  }
  return {
    name: 'wampcra',
    begin(hello) {
      const authid = authidOf(hello)
      const user = authid === undefined ? undefined : known.get(authid)
      if (authid === undefined || user === undefined) return null
      // It takes as long as with a stranger.
      madeUp(authid)
      return craChallenge(hello, identityOf(authid, user.role), user, clock)
    },
    stranger(hello) {
      const authid = authidOf(hello)
      const user = authid === undefined ? undefined : madeUp(authid)
      if (authid === undefined || user === undefined) return DENIED
      return craChallenge(hello, identityOf(authid, user.role), user, clock, true)
    },
    sign(authid, text) {
      const user = known.get(authid)
      return user && createHmac('sha256', user.secret).update(text).digest('base64')
    },
  }
}

function identityOf(authid: string, authrole: string): Identity {
  return { authid, authrole, authprovider: 'static' }
}

export const wampcraKind: AuthKind<Keys> & { keys: typeof keys } = {
  name: 'wampcra',
  keys,
  principals: ({ principals }) => principalsIn(principals),
  create: (keys, { clock }) => wampcra(keys, clock),
}
