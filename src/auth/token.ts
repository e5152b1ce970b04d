import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { Dict } from '../protocol/payload.ts'

/** What a token is signed with: a secret of `HS256` and its like, or the text of a private key in PEM. */
export type TokenKey = { readonly secret: string } | { readonly pem: string }

/** Shorter secrets a router does not take. */
const MIN_SECRET = 32

/** The usual algorithms by the type of the key, or by its curve. */
const USUAL: Readonly<Record<string, string>> = {
  rsa: 'RS256',
  'rsa-pss': 'PS256',
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
  ed25519: 'EdDSA',
}

/**
 * Signs a token (JWT) that ends `lifetime` milliseconds after `now`. Rejects with an Error that says what is wrong
 * with the key.
 */
export async function signToken(
  claims: Dict,
  signWith: TokenKey,
  lifetime: number,
  now: number,
  algorithm?: string,
): Promise<string> {
  const { alg, key } = usable(signWith)
  // Loaded when needed, as where tokens are checked.
  const { SignJWT } = await import('jose')
  const seconds = Math.floor(now / 1000)
  return new SignJWT(claims)
    .setProtectedHeader({ alg: algorithm ?? alg, typ: 'JWT' })
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + Math.ceil(lifetime / 1000))
    .sign(key)
}

function usable(signWith: TokenKey): { alg: string; key: KeyObject | Uint8Array } {
  if ('secret' in signWith) {
    if (signWith.secret.length < MIN_SECRET) {
      throw new Error(
        `the secret has less than ${MIN_SECRET} characters, and no router would take it`,
      )
    }
    return { alg: 'HS256', key: Buffer.from(signWith.secret) }
  }
  const key = privateKeyIn(signWith.pem)
  const { asymmetricKeyType = '', asymmetricKeyDetails } = key
  const alg = USUAL[asymmetricKeyDetails?.namedCurve ?? asymmetricKeyType]
  if (alg === undefined)
    throw new Error(`tokens cannot be signed with a key of type ${asymmetricKeyType}`)
  return { alg, key }
}

function privateKeyIn(pem: string): KeyObject {
  if (pem.includes('ENCRYPTED'))
    throw new Error('the key is encrypted: decrypt it with openssl pkey')
  try {
    return createPrivateKey(pem)
  } catch {
    // What the parser says would be no help, and may quote the key.
    throw new Error('it is no private key in PEM')
  }
}
