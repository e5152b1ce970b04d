import { printable } from '../config/problem.ts'
import {
  ABORT,
  AUTHENTICATE,
  CHALLENGE,
  HELLO,
  WELCOME,
  type Welcome,
} from '../protocol/messages.ts'
import type { Dict } from '../protocol/payload.ts'
import { type Credentials, loginWith } from './login.ts'
import { RemoteError, wordsOf } from './remote-error.ts'
import { Session } from './session.ts'
import type { Wire } from './wire.ts'

export interface JoinOptions {
  readonly realm: string
  readonly credentials?: Credentials
  /** Milliseconds that each answer of the router may take, the results of calls excepted: default 10 s. */
  readonly timeout?: number
}

const TIMEOUT = 10_000

/** What works here (WAMP, "Feature Announcement"). */
const ROLES: Dict = {
  publisher: {
    features: {
      publisher_exclusion: true,
      publisher_identification: true,
      subscriber_blackwhite_listing: true,
    },
  },
  subscriber: {
    features: {
      event_retention: true,
      pattern_based_subscription: true,
      publisher_identification: true,
      subscription_revocation: true,
    },
  },
  caller: {
    features: {
      call_canceling: true,
      call_timeout: true,
      caller_identification: true,
      progressive_call_results: true,
    },
  },
  callee: {
    features: {
      call_canceling: true,
      caller_identification: true,
      pattern_based_registration: true,
      progressive_call_results: true,
      registration_revocation: true,
      shared_registration: true,
    },
  },
}

/** Joins a realm, as `enter` does, for a session with all that works here. */
export async function join(wire: Wire, options: JoinOptions): Promise<Session> {
  const { timeout = TIMEOUT } = options
  return new Session(wire, await enter(wire, ROLES, options), timeout)
}

/**
 * Joins a realm as a client that announces these roles. Rejects with a RemoteError: `refused` by the router, or by us where it does not prove what it
 * should; `timeout`, `closed`, `unsound`.
 */
export async function enter(wire: Wire, roles: Dict, options: JoinOptions): Promise<Welcome> {
  const { realm, credentials = {}, timeout = TIMEOUT } = options
  const login = loginWith(credentials)
  wire.send({ type: HELLO, realm, details: { agent: 'wampd', roles, ...login.details } })
  for (;;) {
    const message = await wire.receive(timeout)
    if (message.type === CHALLENGE) {
      wire.send({ type: AUTHENTICATE, ...(await login.answer(message)) })
    } else if (message.type === WELCOME) {
      login.check(message)
      return message
    } else if (message.type === ABORT) {
      throw new RemoteError(
        'refused',
        `the router refused ${printable(realm)}: ${wordsOf(message)}`,
        message.reason,
      )
    } else {
      throw new RemoteError(
        'unsound',
        `the router answered HELLO with a message of type ${message.type}`,
      )
    }
  }
}
