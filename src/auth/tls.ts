import Type, { type Static } from 'typebox'
import { about, CLOSED, name, named } from '../base/keys.ts'
import { type AuthKind, type AuthMethod, authidOf, type Identity, principalsIn } from './auth.ts'

const principal = Type.Object(
  {
    fingerprint: Type.Optional(
      Type.String({
        pattern: '^([0-9a-fA-F]{2}:?){31}[0-9a-fA-F]{2}$',
        form: 'a SHA-256 fingerprint in hex',
        ...about('The SHA-256 fingerprint of the certificate, in hex.', 'live'),
      }),
    ),
    common_name: Type.Optional(
      name(about('The CN of any certificate that the transport trusts.', 'live')),
    ),
    role: name(about('The role that the session gets.', 'live')),
  },
  CLOSED,
)

const keys = Type.Object(
  {
    principals: named(
      principal,
      about('The users, by authid. One of fingerprint and common_name tells who it is.', 'live'),
    ),
  },
  {
    ...CLOSED,
    ...about('Users with a certificate for TLS, on transports that have `tls.ca`.', 'live'),
  },
)

type Keys = Static<typeof keys>

/** Users whose certificate TLS has checked by the time that they say HELLO: there is no challenge. */
function tls({ principals }: Keys): AuthMethod {
  const users = Object.entries(principals)
  const byFingerprint = identities(users, user => user.fingerprint && plainHex(user.fingerprint))
  const byName = identities(users, user => user.common_name)
  return {
    name: 'tls',
    begin(hello) {
      const { certificate } = hello.origin
      if (certificate === null) return null
      const { fingerprint, commonName } = certificate
      const identity = byFingerprint.get(fingerprint) ?? byName.get(commonName)
      if (identity === undefined) return null
      return (authidOf(hello) ?? identity.authid) === identity.authid ? { identity } : null
    },
  }
}

type User = Static<typeof principal>

function identities(
  users: [string, User][],
  keyOf: (user: User) => string | undefined,
): Map<string, Identity> {
  const found = new Map<string, Identity>()
  for (const [authid, user] of users) {
    const key = keyOf(user)
    if (key !== undefined) {
      found.set(key, { authid, authrole: user.role, authprovider: 'static' })
    }
  }
  return found
}

function plainHex(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase()
}

export const tlsKind: AuthKind<Keys> & { keys: typeof keys } = {
  name: 'tls',
  keys,
  principals: ({ principals }) => principalsIn(principals),
  faults({ principals }) {
    const seen = new Set<string>()
    return Object.entries(principals).flatMap(([authid, { fingerprint, common_name }]) => {
      const path = ['principals', authid]
      if ((fingerprint === undefined) === (common_name === undefined)) {
        return [{ path, text: 'give one of fingerprint and common_name' }]
      }
      const key = fingerprint === undefined ? `CN ${common_name}` : plainHex(fingerprint)
      const text = 'has the certificate of another user'
      return seen.size === seen.add(key).size ? [{ path, text }] : []
    })
  },
  create: tls,
}
