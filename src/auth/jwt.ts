import type { errors, JWTPayload } from 'jose'
import Type, { type Static } from 'typebox'
import { about, CLOSED, duration, name, PATH, SECRET } from '../base/keys.ts'
import { AUTHENTICATION_FAILED } from '../protocol/errors.ts'
import {
  type AuthKind,
  type AuthMethod,
  authidOf,
  DENIED,
  denied,
  type Hello,
  type Step,
  type Surroundings,
} from './auth.ts'
import { type KeyOf, KeysUnavailable, keyOf, keySourceFault } from './jwt-keys.ts'

const SYMMETRIC = ['HS256', 'HS384', 'HS512'] as const
const ASYMMETRIC = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA'] as const),
] as const

const keys = Type.Object(
  {
    algorithms: Type.Array(Type.Enum([...SYMMETRIC, ...ASYMMETRIC]), {
      minItems: 1,
      ...about('The algorithms that a token may be signed with, whatever it says itself.', 'live'),
    }),
    secret: Type.Optional(
      Type.String({
        minLength: 32,
        ...SECRET,
        ...about('The secret of `HS256` and its like: 32 characters at least.', 'live'),
      }),
    ),
    key: Type.Optional(name({ ...PATH, ...about('The public key, in PEM.', 'live') })),
    jwks_file: Type.Optional(
      name({ ...PATH, ...about('A file with public keys (JSON Web Key Set).', 'live') }),
    ),
    jwks_url: Type.Optional(
      name(
        about('Where public keys are to be had: an `https` URL. They are kept a while.', 'live'),
      ),
    ),
    issuer: Type.Optional(name(about('What `iss` must be.', 'live'))),
    audience: Type.Optional(name(about('What `aud` must be or hold.', 'live'))),
    leeway: Type.Optional(
      duration(about('How far the clocks of issuer and router may be apart.', 'live', '5s')),
    ),
    authid_claim: Type.Optional(name(about('The claim that is the authid.', 'live', 'sub'))),
    role_claim: Type.Optional(
      name(
        about(
          'The claim that is the role, or a list of roles. A dot leads into a claim: ' +
            '`realm_access.roles`.',
          'live',
          'role',
        ),
      ),
    ),
    roles: Type.Array(name(about('A role.', 'live')), {
      minItems: 1,
      ...about(
        'The roles that tokens may give. Of those that a token names, the first of this list counts.',
        'live',
      ),
    }),
  },
  {
    ...CLOSED,
    ...about(
      'Users who send a signed token (JWT) as a ticket. It must not have expired when they come; ' +
        'the session may outlast it.',
      'live',
    ),
  },
)

type Keys = Static<typeof keys>

/** Longer tickets are no tokens. */
const MAX_LENGTH = 16_384

/** Users who send a token by the method `ticket` (RFC 7519). */
function jwt(keys: Keys, { clock, log }: Surroundings): AuthMethod {
  const key = keyOf(keys)
  return {
    name: 'ticket',
    begin: hello => ({
      challenge: {},
      async answer(token) {
        if (token.length > MAX_LENGTH) return DENIED
        try {
          return admit(hello, await verified(token, keys, key, clock.now()), keys)
        } catch (error) {
          if (!(error instanceof KeysUnavailable)) return refusalFor(error)
          log.warn({ err: error }, 'tokens cannot be checked')
          return { refused: AUTHENTICATION_FAILED, text: 'tokens cannot be checked at this time' }
        }
      },
    }),
  }
}

async function verified(token: string, keys: Keys, key: KeyOf, now: number): Promise<JWTPayload> {
  const { algorithms, issuer, audience, leeway } = keys
  // Loaded with the first token: most routers never see one.
  const { jwtVerify } = await import('jose')
  const { payload } = await jwtVerify(token, key, {
    algorithms,
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
    // Filled in as milliseconds.
    clockTolerance: Number(leeway) / 1000,
    requiredClaims: ['exp'],
    currentDate: new Date(now),
  })
  return payload
}

/** What is wrong with the claims may be said: the token is genuine. */
function refusalFor(error: unknown): Step {
  const { code, claim } = error as errors.JWTClaimValidationFailed
  if (code === 'ERR_JWT_EXPIRED') return denied('the token has expired')
  if (code === 'ERR_JWT_CLAIM_VALIDATION_FAILED') {
    return denied(`the claim ${claim} of the token does not do here`)
  }
  return DENIED
}

function admit(hello: Hello, claims: JWTPayload, keys: Keys): Step {
  const { authid_claim = 'sub', role_claim = 'role', roles } = keys
  const authid = claimAt(claims, authid_claim)
  if (typeof authid !== 'string' || authid === '') {
    return denied(`the token has no claim ${authid_claim} that could be an authid`)
  }
  if ((authidOf(hello) ?? authid) !== authid) return denied('the token is that of another authid')
  const named = [claimAt(claims, role_claim)].flat()
  const authrole = roles.find(role => named.includes(role))
  if (authrole === undefined) return denied('the token gives no role that counts here')
  return { identity: { authid, authrole, authprovider: 'jwt' } }
}

/** A claim by its name; names may have dots in them, which otherwise lead into a claim. */
function claimAt(claims: object, path: string): unknown {
  if (Object.hasOwn(claims, path)) return (claims as Record<string, unknown>)[path]
  let value: unknown = claims
  for (const part of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Record<string, unknown>)[part]
  }
  return value
}

export const jwtKind: AuthKind<Keys> & { keys: typeof keys } = {
  name: 'jwt',
  keys,
  principals: ({ roles }) =>
    roles.map((role, i) => ({ role, method: 'ticket', takesAll: true, path: ['roles', i] })),
  faults({ secret, key, jwks_file, jwks_url, algorithms }) {
    const fault = keySourceFault({ secret, key, jwks_file, jwks_url })
    if (fault !== undefined) {
      return [{ path: fault.key === '' ? [] : [fault.key], text: fault.text }]
    }
    // Else a public key, which all know, could serve as the secret of a forged token.
    const fitting: readonly string[] = secret === undefined ? ASYMMETRIC : SYMMETRIC
    return algorithms.flatMap((algorithm, i) =>
      fitting.includes(algorithm)
        ? []
        : [{ path: ['algorithms', i], text: `${algorithm} does not go with these keys` }],
    )
  },
  create: jwt,
}
