import { createHmac, pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import type { Challenge } from '../protocol/messages.ts'
import type { Dict } from '../protocol/payload.ts'
import type { Prove } from './inner.ts'

const derive = promisify(pbkdf2)

/** The methods that a passcode can be a proof for; the first that is on offer is taken. */
const WITH_PASSCODE = ['ticket', 'wampcra']

/** What CONNECT says of who comes. */
export interface Credentials {
  readonly login: string | undefined
  readonly passcode: string | undefined
  /** The method that the client insists on. */
  readonly method: string | undefined
  /** It has shown a certificate to TLS. */
  readonly hasCertificate: boolean
}

/** The details of HELLO that claim who somebody is. */
export function claimOf({ login, passcode, method, hasCertificate }: Credentials): Dict {
  const authid = login === undefined || login === '' ? {} : { authid: login }
  if (method !== undefined) return { ...authid, authmethods: [method] }
  if (login !== undefined || passcode !== undefined) {
    return { ...authid, authmethods: WITH_PASSCODE }
  }
  return { authmethods: hasCertificate ? ['tls', 'anonymous'] : ['anonymous'] }
}

/** Answers a challenge as a WAMP client does that knows the passcode. */
export function proofWith(passcode = ''): Prove {
  return async ({ method, extra }) => {
    if (method === 'ticket') return { signature: passcode }
    if (method === 'wampcra') return { signature: await craSignature(passcode, extra) }
    throw new Error(`a passcode is no proof for the method ${method}`)
  }
}

/** (WAMP, "Challenge Response Authentication"; the key is derived where there is a salt.) */
async function craSignature(passcode: string, extra: Challenge['extra']): Promise<string> {
  const { challenge, salt, iterations, keylen } = extra
  const key =
    salt === undefined
      ? passcode
      : await derive(passcode, String(salt), Number(iterations), Number(keylen), 'sha256').then(
          bytes => bytes.toString('base64'),
        )
  return createHmac('sha256', key).update(String(challenge)).digest('base64')
}
