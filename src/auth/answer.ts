import type { Log } from '../base/log.ts'
import {
  AUTHENTICATION_DENIED,
  AUTHENTICATION_FAILED,
  NO_SUCH_PRINCIPAL,
  NO_SUCH_ROLE,
  NOT_AUTHORIZED,
  WampError,
} from '../protocol/errors.ts'
import type { Dict } from '../protocol/payload.ts'
import type { Hello, Identity, Step } from './auth.ts'

/** An answer of the application's that cannot be used. */
export class BadAnswer extends Error {
  override name = 'BadAnswer'
}

/** What the application may say of a client besides its proof: a role alone, or with more. */
export function dictOf(answer: unknown): Dict | null {
  if (answer === null || answer === undefined) return null
  if (typeof answer === 'string') return { role: answer }
  if (typeof answer === 'object' && !Array.isArray(answer)) return answer as Dict
  throw new BadAnswer('is neither a role nor a dict')
}

/** The identity in an answer: `{role, authid?, realm?, extra?}`. Throws BadAnswer. */
export function identityIn(answer: Dict, hello: Hello, claimed: string | undefined): Identity {
  const { role, realm = hello.realm, extra = null } = answer
  const authid = answer.authid ?? claimed
  if (typeof role !== 'string' || role === '') throw new BadAnswer('has no role')
  if (typeof authid !== 'string' || authid === '') throw new BadAnswer('has no authid')
  if (realm !== null && realm !== hello.realm) throw new BadAnswer('names another realm')
  if (typeof extra !== 'object') throw new BadAnswer('has an extra that is no dict')
  const identity = { authid, authrole: role, authprovider: 'dynamic' }
  return extra === null ? identity : { ...identity, authextra: extra as Dict }
}

/** URIs of the protocol that an application may refuse a client with; others are its accidents. */
const REFUSALS: readonly string[] = [
  ...[AUTHENTICATION_DENIED, NO_SUCH_PRINCIPAL, NO_SUCH_ROLE, NOT_AUTHORIZED],
]

const FAILURE = 'the authenticator failed'

/** Longer texts for people are cut. */
const MAX_TEXT = 300

/** What becomes of a client where asking the application failed (WAMP, "Authentication"). */
export function refusalFor(error: unknown, log: Log): Step {
  if (!(error instanceof WampError)) log.warn({ err: error }, FAILURE)
  else {
    const text = typeof error.args[0] === 'string' ? error.args[0].slice(0, MAX_TEXT) : ''
    if (REFUSALS.includes(error.uri) || !error.uri.startsWith('wamp.')) {
      return { refused: error.uri, text }
    }
    // The rest of an error may hold more than is good for a log.
    log.warn({ uri: error.uri, text }, FAILURE)
  }
  return { refused: AUTHENTICATION_FAILED, text: FAILURE }
}
