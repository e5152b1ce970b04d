import { createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto'
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

/** 32 octets in hex. */
const HEX_KEY = { pattern: '^[0-9a-fA-F]{64}$', form: '64 hex digits' }
const HEX = new RegExp(HEX_KEY.pattern)

const principal = Type.Object(
  {
    authorized_keys: Type.Array(
      Type.String({ ...HEX_KEY, ...about('A public key: 64 hex digits.', 'live') }),
      { minItems: 1, ...about('The keys by which the user may come.', 'live') },
    ),
    role: name(about('The role that the session gets.', 'live')),
  },
  CLOSED,
)

const keys = Type.Object(
  {
    principals: named(
      principal,
      about('The users, by authid. A client that gives none is found by its key.', 'live'),
    ),
    private_key: Type.Optional(
      Type.String({
        ...HEX_KEY,
        ...SECRET,
        ...about(
          "The router's own key, by which it proves itself to clients that ask: 64 hex digits.",
          'live',
        ),
      }),
    ),
  },
  { ...CLOSED, ...about('Users that sign with a private key (Ed25519).', 'live') },
)

type Keys = Static<typeof keys>

/** What is wrong with a HELLO, whoever it comes from; undefined if nothing. */
export function cryptosignFault(hello: Hello): Step | undefined {
  const { pubkey, challenge } = authextraOf(hello)
  if (typeof pubkey !== 'string' || !HEX.test(pubkey)) {
    return denied('authextra.pubkey is no text of 64 hex digits')
  }
  const bound = bindingFault(hello)
  if (bound !== undefined) return bound
  const isAsked = (challenge ?? null) !== null
  if (isAsked && (typeof challenge !== 'string' || !HEX.test(challenge))) {
    return denied('authextra.challenge is no text of 64 hex digits')
  }
  return undefined
}

/** The key that a HELLO without fault names, in lower case. */
export function pubkeyOf(hello: Hello): string {
  return String(authextraOf(hello).pubkey).toLowerCase()
}

/**
 * The challenge for a client that says it has the private key to its public one (WAMP,
 * "Cryptosign-based Authentication"). Without an identity nobody gets in, whatever the answer.
 */
export function cryptosignChallenge(
  hello: Hello,
  identity: Identity | null,
  privateKey?: string,
): Step {
  const message = randomBytes(32)
  const pubkey = Buffer.from(pubkeyOf(hello), 'hex')
  return {
    challenge: { challenge: message.toString('hex'), ...ownProof(hello, privateKey) },
    answer(signature) {
      const isRight = isSignature(signature, message, pubkey)
      return isRight && identity !== null ? { identity } : DENIED
    },
  }
}

/** The router's signature under the challenge of a client that sent one. */
function ownProof(hello: Hello, privateKey: string | undefined): Dict {
  const { challenge } = authextraOf(hello)
  if (privateKey === undefined || typeof challenge !== 'string') return {}
  const { pubkey, sign } = signer(privateKey)
  return { pubkey, signature: sign(challenge) }
}

/** The hex of a signature with its message behind it: 64 and 32 octets. */
function isSignature(hex: string, message: Buffer, pubkey: Buffer): boolean {
  if (!/^[0-9a-fA-F]{192}$/.test(hex)) return false
  const octets = Buffer.from(hex, 'hex')
  if (!isSame(octets.subarray(64), message)) return false
  const key = { kty: 'OKP', crv: 'Ed25519', x: pubkey.toString('base64url') }
  try {
    const publicKey = createPublicKey({ key, format: 'jwk' })
    return verify(null, message, publicKey, octets.subarray(0, 64))
  } catch {
    // No point of the curve.
    return false
  }
}

/** RFC 8410, 7: what goes before the 32 octets of an Ed25519 key to make it PKCS #8. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')

/** An Ed25519 key pair from the hex of its seed; `sign` takes and gives hex, message included. */
export function signer(seed: string): { pubkey: string; sign(challenge: string): string } {
  const der = Buffer.concat([PKCS8_HEAD, Buffer.from(seed, 'hex')])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  return {
    pubkey: Buffer.from(x as string, 'base64url').toString('hex'),
    sign(challenge) {
      const message = Buffer.from(challenge, 'hex')
      return Buffer.concat([sign(null, message, key), message]).toString('hex')
    },
  }
}

function cryptosign({ principals, private_key }: Keys): AuthMethod {
  const byKey = new Map<string, Identity>()
  for (const [authid, { authorized_keys, role: authrole }] of Object.entries(principals)) {
    const identity = { authid, authrole, authprovider: 'static' }
    for (const key of authorized_keys) byKey.set(key.toLowerCase(), identity)
  }
  return {
    name: 'cryptosign',
    begin(hello) {
      const fault = cryptosignFault(hello)
      if (fault !== undefined) return fault
      const identity = byKey.get(pubkeyOf(hello))
      const authid = authidOf(hello)
      if (identity === undefined || (authid ?? identity.authid) !== identity.authid) return null
      return cryptosignChallenge(hello, identity, private_key)
    },
    stranger: hello => cryptosignChallenge(hello, null, private_key),
  }
}

export const cryptosignKind: AuthKind<Keys> & { keys: typeof keys } = {
  name: 'cryptosign',
  keys,
  principals: ({ principals }) => principalsIn(principals),
  faults({ principals }) {
    const seen = new Set<string>()
    return Object.entries(principals).flatMap(([authid, { authorized_keys }]) =>
      authorized_keys.flatMap((key, i) => {
        const text = 'is the key of two users, or twice of one'
        const path = ['principals', authid, 'authorized_keys', i]
        return seen.size === seen.add(key.toLowerCase()).size ? [{ path, text }] : []
      }),
    )
  },
  create: cryptosign,
}
