import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Dict } from '../protocol/payload.ts'

/** Who is asked where no rule of a role meets a URI. */
export interface Authorizer {
  readonly clock: Clock
  readonly log: Log
  /** How long an answer counts: ms; 0: for the message at hand only. */
  readonly ttl: number
  /** Answers that are kept for a session. */
  readonly maxDecisions: number
  /** Messages of a session that may wait for an answer. */
  readonly maxQueue: number
  /** Gives what `answerIn` reads. Rejects where it fails or takes too long. */
  ask(session: Dict, uri: string, action: Action, options: Dict): Promise<unknown>
}

/** What a session may ask for. */
export type Action = 'call' | 'register' | 'publish' | 'subscribe'

/** What an authorizer answers. */
export interface Answer {
  readonly allow: boolean
  /** Caller or publisher are disclosed without being asked. */
  readonly disclose: boolean
  /** The answer may be kept. */
  readonly cache: boolean
}

/** An answer of an authorizer's: a truth value, or a dict of `allow`, `disclose`, `cache`. */
export function answerIn(answer: unknown): Answer {
  if (typeof answer === 'boolean') return { allow: answer, disclose: false, cache: true }
  if (typeof answer === 'object' && answer !== null) {
    const { allow, disclose = false, cache = true } = answer as Dict
    const flags = [allow, disclose, cache]
    if (flags.every(flag => typeof flag === 'boolean')) {
      return { allow, disclose, cache } as Answer
    }
  }
  throw new TypeError('the authorizer answers neither with a truth value nor with {allow, …}')
}
