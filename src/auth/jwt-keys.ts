import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { FlattenedJWSInput, JSONWebKeySet, JWSHeaderParameters, JWTVerifyGetKey } from 'jose'
import { isLoopbackName } from '../base/network.ts'
import { whyUnread } from '../base/why-unread.ts'

/** Where the keys come from by which tokens are checked: one of these. */
export interface JwtKeySource {
  readonly secret?: string | undefined
  readonly key?: string | undefined
  readonly jwks_file?: string | undefined
  readonly jwks_url?: string | undefined
}

export type KeyOf = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<Key>
type Key = Awaited<ReturnType<JWTVerifyGetKey>> | KeyObject | Uint8Array

/** The keys cannot be had: that is not the client's fault. */
export class KeysUnavailable extends Error {
  override name = 'KeysUnavailable'
}

/** How long a key server may take. Milliseconds. */
const FETCH_TIMEOUT = 5000

/** What a source gives for the header of a token. Throws where a file cannot be used. */
export function keyOf({ secret, key, jwks_file, jwks_url }: JwtKeySource): KeyOf {
  if (secret !== undefined) return fixed(Buffer.from(secret))
  if (key !== undefined) return fixed(publicKeyIn(key))
  if (jwks_file !== undefined) return keySetIn(jwks_file)
  return remote(new URL(jwks_url as string))
}

/** Why a source cannot be used, undefined where it can. */
export function keySourceFault(source: JwtKeySource): { key: string; text: string } | undefined {
  const [key, ...others] = Object.entries(source).flatMap(([name, value]) =>
    value === undefined ? [] : [name],
  )
  if (key === undefined || others.length > 0) {
    return { key: key ?? '', text: 'give one of secret, key, jwks_file and jwks_url' }
  }
  try {
    if (source.jwks_url !== undefined && !isSafe(source.jwks_url)) {
      return { key, text: 'is no https URL; http does for this machine only' }
    }
    keyOf(source)
    return undefined
  } catch (error) {
    return { key, text: `cannot be used: ${(error as Error).message}` }
  }
}

/** A private key would do as well, but has no place on a router. */
function publicKeyIn(file: string): KeyObject {
  const pem = textIn(file)
  if (pem.includes('PRIVATE KEY')) throw new Error('is a private key: give the public one')
  return createPublicKey(pem)
}

function keySetIn(file: string): KeyOf {
  const set = keySet(textIn(file))
  if (set === undefined) throw new Error('it is no JSON Web Key Set')
  return lazily(async () => (await import('jose')).createLocalJWKSet(set))
}

/** The set that a text is; what the parser has to say would quote the file. */
function keySet(text: string): JSONWebKeySet | undefined {
  try {
    const set = JSON.parse(text)
    const isKey = (key: unknown) => typeof key === 'object' && key !== null && !Array.isArray(key)
    return Array.isArray(set.keys) && set.keys.every(isKey) ? set : undefined
  } catch {
    return undefined
  }
}

/** The library is loaded with the first token: most routers never see one. */
function lazily(make: () => Promise<KeyOf>): KeyOf {
  let made: Promise<KeyOf> | undefined
  return async (header, token) => {
    made ??= make()
    return (await made)(header, token)
  }
}

function textIn(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Error(whyUnread(error), { cause: error })
  }
}

/** Keys that anybody on the way could change are no keys. */
function isSafe(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname } = new URL(url)
  const isHere = isLoopbackName(hostname)
  return protocol === 'https:' || (protocol === 'http:' && isHere)
}

function fixed(key: KeyObject | Uint8Array): KeyOf {
  return async () => key
}

/** Keys that are fetched when first needed, and again for a key that is not among them. */
function remote(url: URL): KeyOf {
  const keys = lazily(async () => {
    const { createRemoteJWKSet } = await import('jose')
    return createRemoteJWKSet(url, { timeoutDuration: FETCH_TIMEOUT })
  })
  return async (header, token) => {
    try {
      return await keys(header, token)
    } catch (error) {
      const { JWKSNoMatchingKey, JWKSMultipleMatchingKeys, JOSENotSupported } = (
        await import('jose')
      ).errors
      const isOfToken = [JWKSNoMatchingKey, JWKSMultipleMatchingKeys, JOSENotSupported].some(
        kind => error instanceof kind,
      )
      if (isOfToken) throw error
      throw new KeysUnavailable(`no keys from ${url.host}`, { cause: error })
    }
  }
}
