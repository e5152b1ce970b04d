import { pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import saslprep from '@mongodb-js/saslprep'
import { argon2id } from 'hash-wasm'
import { signer } from './cryptosign.ts'
import type { ScramCredential } from './scram.ts'
import { scramKeys } from './scram-keys.ts'

const derive = promisify(pbkdf2)

/** Length of salts and derived keys in octets. */
const SALT_LENGTH = 16
const KEY_LENGTH = 32

/** The keys of a user of `wampcra`, salted. The salt is any text; by default it is a random one. */
export async function craSecret(
  secret: string,
  iterations: number,
  salt: string = randomBytes(SALT_LENGTH).toString('base64'),
): Promise<{ secret: string; salt: string; iterations: number; keylen: number }> {
  const key = await derive(secret, salt, iterations, KEY_LENGTH, 'sha256')
  return { secret: key.toString('base64'), salt, iterations, keylen: KEY_LENGTH }
}

export interface ScramOptions {
  /** `scram` is what Autobahn|Python and Crossbar speak. */
  readonly method: 'wamp-scram' | 'scram'
  readonly kdf: 'pbkdf2' | 'argon2id13'
  readonly iterations: number
  /** For argon2id13: KiB. */
  readonly memory: number
  /** Base64; by default a random one. */
  readonly salt?: string
}

/** The keys of a user of SCRAM. Rejects a password with characters that SASLprep forbids. */
export async function scramSecret(
  password: string,
  options: ScramOptions,
): Promise<ScramCredential> {
  const { kdf, iterations, memory } = options
  const { salt = randomBytes(SALT_LENGTH).toString('base64') } = options
  const key = await saltedPassword(password, salt, options)
  const { storedKey, serverKey } = scramKeys(key)
  return {
    kdf,
    salt,
    iterations,
    ...(kdf === 'argon2id13' ? { memory } : {}),
    stored_key: storedKey.toString('base64'),
    server_key: serverKey.toString('base64'),
  }
}

/** The key that both sides make of a password, in either dialect of SCRAM. The salt is in base64. */
export async function saltedPassword(
  password: string,
  salt: string,
  options: Omit<ScramOptions, 'salt'>,
): Promise<string | Buffer> {
  const { method, kdf } = options
  // RFC 5802, 2.2; Autobahn|Python leaves it out.
  const prepared = method === 'wamp-scram' ? saslprep(password) : password
  const key = await derivedKey(prepared, Buffer.from(salt, 'base64'), options)
  const isText = method === 'scram' && kdf === 'argon2id13'
  // Autobahn|Python takes what argon2 prints of a hash for the key.
  return isText ? key.toString('base64').replace(/=+$/, '') : key
}

async function derivedKey(
  password: string,
  salt: Buffer,
  { kdf, iterations, memory }: Omit<ScramOptions, 'salt'>,
): Promise<Buffer> {
  if (kdf === 'pbkdf2') return derive(password, salt, iterations, KEY_LENGTH, 'sha256')
  const hash = await argon2id({
    password,
    salt,
    iterations,
    memorySize: memory,
    parallelism: 1,
    hashLength: KEY_LENGTH,
    outputType: 'binary',
  })
  return Buffer.from(hash)
}

/** A key pair for `cryptosign`, in hex: the client keeps the private key, the router the public. */
export function cryptosignPair(): { private_key: string; public_key: string } {
  const seed = randomBytes(KEY_LENGTH).toString('hex')
  return { private_key: seed, public_key: signer(seed).pubkey }
}
