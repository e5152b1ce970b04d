import { createHash, createHmac } from 'node:crypto'

/** What the router keeps of a password for SCRAM: enough to check it, not to log in with. */
export interface ScramKeys {
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

/** The keys that follow from a salted password (RFC 5802, 3). */
export function scramKeys(saltedPassword: string | Buffer): ScramKeys {
  const clientKey = hmac(saltedPassword, 'Client Key')
  return { storedKey: sha256(clientKey), serverKey: hmac(saltedPassword, 'Server Key') }
}

/** The proof of a client that has the salted password (RFC 5802, 3). */
export function clientProof(saltedPassword: string | Buffer, message: string): string {
  const clientKey = hmac(saltedPassword, 'Client Key')
  return xor(clientKey, hmac(sha256(clientKey), message)).toString('base64')
}

/** What both sides have said, as the text that both sign. */
export interface ScramExchange {
  readonly authid: string
  readonly clientNonce: string
  /** The nonce of both. */
  readonly nonce: string
  /** Base64. */
  readonly salt: string
  readonly iterations: number
  /** `c=` of the client's last message. */
  readonly binding: string
}

export function authMessage(exchange: ScramExchange): string {
  const { authid, clientNonce, nonce, salt, iterations, binding } = exchange
  return `n=${authid},r=${clientNonce},r=${nonce},s=${salt},i=${iterations},c=${binding},r=${nonce}`
}

/** Whether a client's proof shows that it knows the password. The comparison is the caller's. */
export function storedKeyOf(proof: Buffer, message: string, { storedKey }: ScramKeys): Buffer {
  return sha256(xor(proof, hmac(storedKey, message)))
}

/** The router's own proof, as base64. */
export function serverSignature(message: string, { serverKey }: ScramKeys): string {
  return hmac(serverKey, message).toString('base64')
}

function xor(a: Buffer, b: Buffer): Buffer {
  return a.map((octet, i) => octet ^ (b[i] as number)) as Buffer
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}
