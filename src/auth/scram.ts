import { randomBytes } from 'node:crypto'
import Type, { type Static } from 'typebox'
import { about, CLOSED, name, named, SECRET } from '../base/keys.ts'
import type { Dict } from '../protocol/payload.ts'
import {
  type AuthKind,
  type AuthMethod,
  authextraOf,
  authidOf,
  bindingFault,
  DENIED,
  denied,
  type Hello,
  type Identity,
  principalsIn,
  type Step,
} from './auth.ts'
import { isSame } from './same.ts'
import { authMessage, serverSignature, storedKeyOf } from './scram-keys.ts'
import { type Stranger, seedKey, strangers } from './stranger.ts'

const KEY = { pattern: '^[A-Za-z0-9+/]{43}=$', form: '32 octets in base64' }

/** What the check of a user needs. The keys are in base64. */
export const scramCredential = Type.Object({
  kdf: Type.Enum(
    ['pbkdf2', 'argon2id13'],
    about('How the client makes a key of its password.', 'live'),
  ),
  salt: Type.String({
    pattern: '^[A-Za-z0-9+/]{4,}={0,2}$',
    form: 'base64',
    ...about('The salt in base64. Clients see it.', 'live'),
  }),
  iterations: Type.Integer({
    minimum: 1,
    maximum: 10_000_000,
    ...about('The rounds that the client makes.', 'live'),
  }),
  memory: Type.Optional(
    Type.Integer({
      minimum: 8,
      maximum: 4_194_304,
      ...about('With `argon2id13`: the memory that the client needs, in KiB.', 'live'),
    }),
  ),
  stored_key: Type.String({
    ...KEY,
    ...SECRET,
    ...about('What the proof of the client is checked with, in base64.', 'live'),
  }),
  server_key: Type.String({
    ...KEY,
    ...SECRET,
    ...about('What the router proves itself with, in base64.', 'live'),
  }),
})

const principal = Type.Object(
  {
    ...scramCredential.properties,
    role: name(about('The role that the session gets.', 'live')),
  },
  CLOSED,
)

const keys = Type.Object(
  {
    principals: named(
      principal,
      about('The users, by the authid that they give. `wampd hash` makes their keys.', 'live'),
    ),
    seed: seedKey,
  },
  {
    ...CLOSED,
    ...about('Users that prove to know a password of which the router keeps a hash.', 'live'),
  },
)

type Keys = Static<typeof keys>

export type ScramCredential = Static<typeof scramCredential>

/** What the two forms of SCRAM among WAMP clients do differently. */
interface Dialect {
  readonly method: 'wamp-scram' | 'scram'
  /** `channel_binding` is none, so `c=` says so, in its way. */
  readonly binding: string
  /** Texts that stand for the authid in what both sign. */
  authidText(authid: string): string
  nonceOf(client: string, own: Buffer): string
  challenge(nonce: string, credential: ScramCredential): Dict
  /** `authextra` of WELCOME. */
  verifier(signature: string): Dict
  /** The AUTHENTICATE repeats what was agreed on. */
  isAgreed(extra: Dict, nonce: string): boolean
}

/** As the specification has it (WAMP, "Salted Challenge Response Authentication Mechanism"). */
export const STANDARD: Dialect = {
  method: 'wamp-scram',
  // Base64 of `n,,`.
  binding: 'biws',
  authidText: authid => authid.replaceAll('=', '=3D').replaceAll(',', '=2C'),
  nonceOf: (client, own) => client + own.toString('base64'),
  challenge: (nonce, { salt, kdf, iterations, memory = null }) => ({
    nonce,
    salt,
    kdf,
    iterations,
    memory,
  }),
  verifier: signature => ({ verifier: `v=${signature}` }),
  isAgreed: (extra, nonce) =>
    extra.nonce === nonce &&
    (extra.channel_binding ?? null) === null &&
    (extra.cbind_data ?? null) === null,
}

/** As Autobahn|Python and Crossbar have it. */
export const AUTOBAHN: Dialect = {
  method: 'scram',
  binding: '',
  authidText: authid => authid,
  nonceOf: (client, own) => Buffer.concat([Buffer.from(client, 'base64'), own]).toString('base64'),
  // Autobahn|Python breaks off over keys that it does not know, and over a null.
  challenge: (nonce, { salt, kdf, iterations, memory }) => ({
    nonce,
    salt,
    kdf: kdf === 'argon2id13' ? 'argon2id-13' : kdf,
    iterations,
    ...(memory === undefined ? {} : { memory }),
  }),
  verifier: signature => ({ scram_server_signature: signature }),
  isAgreed: () => true,
}

/** RFC 5802, 7: printable, and no comma, which ends the nonce. */
const NONCE = /^[!-+\--~]{1,256}$/

/** What is wrong with a HELLO, whoever it comes from; undefined if nothing. */
export function scramFault(hello: Hello): Step | undefined {
  const { nonce } = authextraOf(hello)
  if (typeof nonce !== 'string' || !NONCE.test(nonce)) {
    return denied('authextra.nonce is no base64 text of up to 256 characters')
  }
  return bindingFault(hello)
}

/** The challenge for a user. Nobody who is a `stranger` gets in, whatever the answer. */
export function scramChallenge(
  dialect: Dialect,
  hello: Hello,
  identity: Identity,
  credential: ScramCredential,
  stranger = false,
): Step {
  const clientNonce = String(authextraOf(hello).nonce)
  const nonce = dialect.nonceOf(clientNonce, randomBytes(24))
  const { salt, iterations } = credential
  const keys = {
    storedKey: Buffer.from(credential.stored_key, 'base64'),
    serverKey: Buffer.from(credential.server_key, 'base64'),
  }
  const authid = dialect.authidText(identity.authid)
  const { binding } = dialect
  const message = authMessage({ authid, clientNonce, nonce, salt, iterations, binding })
  return {
    challenge: dialect.challenge(nonce, credential),
    answer(signature, extra) {
      // Of a proof that is too long the first 32 octets would do.
      const proof = Buffer.from(signature.slice(0, 64), 'base64')
      const isRight = isSame(storedKeyOf(proof, message, keys), keys.storedKey)
      if (!isRight || stranger || proof.length !== 32) return DENIED
      if (!dialect.isAgreed(extra, nonce)) {
        return denied('AUTHENTICATE does not repeat the nonce, or asks for channel binding')
      }
      const verifier = dialect.verifier(serverSignature(message, keys))
      return { identity: { ...identity, authextra: { ...identity.authextra, ...verifier } } }
    },
  }
}

/** What a challenge shows of a user. */
type Traits = Pick<ScramCredential, 'kdf' | 'iterations' | 'memory'> & { saltOctets: number }

function scram(dialect: Dialect, { principals, seed }: Keys): AuthMethod {
  const known = new Map(Object.entries(principals))
  const users = [...known.values()]
  const strangerOf = strangers(users.map(traitsOf), seed)
  return {
    name: dialect.method,
    begin(hello) {
      const fault = scramFault(hello)
      if (fault !== undefined) return fault
      const authid = authidOf(hello)
      const user = authid === undefined ? undefined : known.get(authid)
      if (authid === undefined || user === undefined) return null
      // It takes as long as with a stranger.
      if (strangerOf !== undefined) madeUp(strangerOf(authid))
      const identity = { authid, authrole: user.role, authprovider: 'static' }
      return scramChallenge(dialect, hello, identity, user)
    },
    stranger(hello) {
      const authid = authidOf(hello)
      if (authid === undefined || strangerOf === undefined) return DENIED
      const identity = { authid, authrole: '', authprovider: 'static' }
      return scramChallenge(dialect, hello, identity, madeUp(strangerOf(authid)), true)
    },
  }
}

function traitsOf({ kdf, iterations, memory, salt }: ScramCredential): Traits {
  const saltOctets = Buffer.from(salt, 'base64').length
  return { kdf, iterations, ...(memory === undefined ? {} : { memory }), saltOctets }
}

function madeUp({ traits, salt: octets }: Stranger<Traits>): ScramCredential {
  const { kdf, iterations, memory, saltOctets } = traits
  const salt = octets.subarray(0, saltOctets).toString('base64')
  const [stored_key, server_key] = [randomKey(), randomKey()]
  const credential = { kdf, salt, iterations, stored_key, server_key }
  return memory === undefined ? credential : { ...credential, memory }
}

function randomKey(): string {
  return randomBytes(32).toString('base64')
}

function kindOf(dialect: Dialect): AuthKind<Keys> & { keys: typeof keys } {
  return {
    name: dialect.method,
    keys,
    principals: ({ principals }) => principalsIn(principals),
    faults: ({ principals }) =>
      Object.entries(principals)
        .filter(([, { kdf, memory }]) => (kdf === 'argon2id13') !== (memory !== undefined))
        .map(([authid]) => ({
          path: ['principals', authid, 'kdf'],
          text: 'memory belongs to argon2id13, and only to it',
        })),
    create: keys => scram(dialect, keys),
  }
}

export const wampScramKind: AuthKind<Keys> & { keys: typeof keys } = kindOf(STANDARD)
export const scramKind: AuthKind<Keys> & { keys: typeof keys } = kindOf(AUTOBAHN)
