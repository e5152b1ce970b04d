import { randomBytes } from 'node:crypto'
import Type, { type Static } from 'typebox'
import Value from 'typebox/value'
import type { Clock } from '../base/clock.ts'
import { about, CLOSED, duration, name } from '../base/keys.ts'
import { type TransportDetails, transportDetails } from '../base/origin.ts'
import type { Dict } from '../protocol/payload.ts'
import { BadAnswer, dictOf, identityIn, refusalFor } from './answer.ts'
import {
  type AuthKind,
  type AuthMethod,
  authextraOf,
  authidOf,
  DENIED,
  type Hello,
  type Step,
  type Surroundings,
} from './auth.ts'
import { cryptosignChallenge, cryptosignFault, pubkeyOf } from './cryptosign.ts'
import { AUTOBAHN, STANDARD, scramChallenge, scramCredential, scramFault } from './scram.ts'
import { craChallenge, craCredential } from './wampcra.ts'

/** The methods in which an application may be asked. */
const METHODS = ['anonymous', 'ticket', 'wampcra', 'wamp-scram', 'scram', 'cryptosign'] as const
export type DynamicMethod = (typeof METHODS)[number]

const keys = Type.Object(
  {
    procedure: name(about('The procedure that is called, a URI.', 'live')),
    realm: name(
      about(
        'The realm that has the procedure. Who may register it there lets clients in: best is a ' +
          'realm that only your own backend may join.',
        'live',
      ),
    ),
    methods: Type.Array(
      Type.Enum([...METHODS], about('A method that the procedure answers for.', 'live')),
      { minItems: 1, ...about('The methods on offer.', 'live') },
    ),
    timeout: Type.Optional(
      duration({
        minimum: 10,
        ...about('How long the procedure may take. Later the client is refused.', 'live', '5s'),
      }),
    ),
  },
  { ...CLOSED, ...about('Users whom a procedure of your own knows.', 'live') },
)

type Keys = Static<typeof keys>

/** What an application is asked about a client. */
export interface AuthRequest {
  readonly realm: string
  /** What the client gives as its authid: nothing is proven yet. */
  readonly authid: string | undefined
  readonly authmethod: DynamicMethod
  readonly authextra: Dict
  /** The id that the session will have. */
  readonly session: number
  readonly transport: TransportDetails
  /** What a client of the method `ticket` has sent. */
  readonly ticket?: string
}

/**
 * Asks an application about a client. It gives a role, or a dict of `role`, `authid`, `extra` and
 * what the method needs for the check: `secret`, `salt`, … for `wampcra`, `authorized_keys` for
 * `cryptosign`, `kdf`, `salt`, `iterations`, `stored_key`, … for SCRAM. Null: it does not know the
 * client. A rejection with a WampError refuses the client with its URI.
 */
export type Ask = (request: AuthRequest) => unknown

/** The same, but rejects where there is no answer after `timeout` milliseconds. */
export function inTime(ask: Ask, timeout: number, clock: Clock): Ask {
  return request =>
    new Promise((resolve, reject) => {
      const timer = clock.after(timeout, () => reject(new Error('there was no answer in time')))
      const answered = (async () => ask(request))()
      answered.then(resolve, reject).finally(() => timer.cancel())
    })
}

/** The methods in which an application is asked. */
export function dynamicMethods(
  names: readonly DynamicMethod[],
  ask: Ask,
  surroundings: Surroundings,
): AuthMethod[] {
  const unknown = names.find(name => !METHODS.includes(name))
  if (unknown !== undefined) throw new TypeError(`${unknown} is none of ${METHODS.join(', ')}`)
  return names.map(name => ({
    name,
    async begin(hello) {
      const facts = {
        realm: hello.realm,
        authid: authidOf(hello),
        authmethod: name,
        authextra: authextraOf(hello),
        session: hello.session,
        transport: transportDetails(hello.origin),
      }
      const asked: Asked = async more => dictOf(await ask({ ...facts, ...more }))
      try {
        return await COURSES[name](hello, asked, surroundings)
      } catch (error) {
        return refusalFor(error, surroundings.log)
      }
    },
  }))
}

type Asked = (more?: Pick<AuthRequest, 'ticket'>) => Promise<Dict | null>
type Course = (hello: Hello, ask: Asked, surroundings: Surroundings) => Promise<Step | null>

/** What happens between HELLO and the end of each method; null: the client is not known. */
const COURSES: Readonly<Record<DynamicMethod, Course>> = {
  async anonymous(hello, ask) {
    const answer = await ask()
    const authid = randomBytes(12).toString('base64url')
    return answer && { identity: identityIn(answer, hello, authid) }
  },

  async ticket(hello, ask, { log }) {
    return {
      challenge: {},
      async answer(ticket) {
        try {
          const answer = await ask({ ticket })
          return answer === null ? DENIED : { identity: identityIn(answer, hello, authidOf(hello)) }
        } catch (error) {
          return refusalFor(error, log)
        }
      },
    }
  },

  async wampcra(hello, ask, { clock }) {
    const answer = await ask()
    if (answer === null) return null
    if (!Value.Check(craCredential, answer)) throw new BadAnswer('has no secret that can be used')
    return craChallenge(hello, identityIn(answer, hello, authidOf(hello)), answer, clock)
  },

  'wamp-scram': (hello, ask) => scram(STANDARD, hello, ask),
  scram: (hello, ask) => scram(AUTOBAHN, hello, ask),

  async cryptosign(hello, ask) {
    const fault = cryptosignFault(hello)
    if (fault !== undefined) return fault
    const pubkey = pubkeyOf(hello)
    const answer = await ask()
    if (answer === null) return cryptosignChallenge(hello, null)
    const { authorized_keys = [pubkey] } = answer
    if (!Array.isArray(authorized_keys)) throw new BadAnswer('has no list of authorized_keys')
    const isOne = authorized_keys.some(key => String(key).toLowerCase() === pubkey)
    const identity = identityIn(answer, hello, authidOf(hello) ?? pubkey)
    return cryptosignChallenge(hello, isOne ? identity : null)
  },
}

/** Those that have a challenge, and a refusal, for everybody. */
const TAKE_ALL: readonly DynamicMethod[] = ['ticket', 'cryptosign']

async function scram(dialect: typeof STANDARD, hello: Hello, ask: Asked): Promise<Step | null> {
  const fault = scramFault(hello)
  if (fault !== undefined) return fault
  const answer = await ask()
  if (answer === null) return null
  if (!Value.Check(scramCredential, answer)) throw new BadAnswer('has no keys that can be used')
  return scramChallenge(dialect, hello, identityIn(answer, hello, authidOf(hello)), answer)
}

export const dynamicKind: AuthKind<Keys> & { keys: typeof keys } = {
  name: 'dynamic',
  keys,
  principals: ({ methods, procedure }) =>
    methods.map(method => {
      return { asks: procedure, method, takesAll: TAKE_ALL.includes(method), path: ['procedure'] }
    }),
  faults: ({ realm }, realms) =>
    realms.includes(realm) ? [] : [{ path: ['realm'], text: 'there is no realm', value: realm }],
  create({ realm, procedure, methods, timeout }, surroundings) {
    // (WAMP, "Authentication", dynamic): realm, authid, and details of what the client says.
    const ask: Ask = ({ realm: wanted, authid = null, ...details }) =>
      surroundings.call(realm, procedure, [wanted, authid, details], Number(timeout))
    return dynamicMethods(methods, ask, surroundings)
  },
}
