import { randomBytes } from 'node:crypto'
import { isSame } from '../auth/same.ts'
import type { Clock } from '../base/clock.ts'
import type { Counters } from '../base/counters.ts'
import { Problem } from '../gateway/bridge/problem.ts'
import { AUTHENTICATION_DENIED, TOO_MANY_ATTEMPTS } from '../protocol/errors.ts'
import { Attempts } from '../session/attempts.ts'

/** Wrong tokens that an address has free, and how long the first one beyond holds it back: ms. */
const LIMITS = { maxFailures: 10, backoff: 1000 }

/** Who may come in: whoever has the token. Addresses that guess at it are held back. */
export class Guard {
  /** What lets in. */
  token: string
  readonly #counters: Counters
  readonly #attempts: Attempts

  /** Without a token it takes a random one. */
  constructor({ clock, counters }: { clock: Clock; counters: Counters }, token?: string) {
    this.token = token ?? randomBytes(24).toString('base64url')
    this.#counters = counters
    this.#attempts = new Attempts(clock, () => LIMITS)
  }

  /** Why a request may not be, by its address and its header `Authorization`; undefined if it may. */
  objection(address: string, authorization = ''): Problem | undefined {
    if (this.#attempts.isHeldBack(address)) {
      this.#counters.count('refused_admins')
      return new Problem(TOO_MANY_ATTEMPTS, 'too many wrong tokens: wait a while')
    }
    const [, given] = /^Bearer +(\S+) *$/i.exec(authorization) ?? []
    if (given !== undefined && isSame(given, this.token)) return undefined
    // Who comes without a token does not guess.
    if (given === undefined) return new Problem(AUTHENTICATION_DENIED, NEEDED, 401)
    this.#counters.count('refused_admins')
    this.#attempts.failed(address)
    return new Problem(AUTHENTICATION_DENIED, `it is not this token; ${NEEDED}`, 401)
  }
}

const NEEDED = 'a token is needed: Authorization: Bearer TOKEN'
