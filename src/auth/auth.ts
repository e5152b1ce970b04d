import type { TSchema } from 'typebox'
import type { Clock } from '../base/clock.ts'
import type { Counters } from '../base/counters.ts'
import type { Log } from '../base/log.ts'
import type { Origin } from '../base/origin.ts'
import { AUTHENTICATION_DENIED } from '../protocol/errors.ts'
import type { Dict } from '../protocol/payload.ts'

/** What a client says of itself in HELLO. */
export interface Hello {
  readonly realm: string
  readonly details: Dict
  /** The id that the session will have. */
  readonly session: number
  readonly origin: Origin
}

/** Who a session is, once that is settled. */
export interface Identity {
  readonly authid: string
  readonly authrole: string
  /** Where the identity comes from: `static`, `dynamic`, … */
  readonly authprovider: string
  readonly authextra?: Dict
}

/** The course of an authentication: settled, refused with a URI, or a challenge to be answered. */
export type Step =
  | { readonly identity: Identity }
  | { readonly refused: string; readonly text: string }
  | {
      readonly challenge: Dict
      answer(signature: string, extra: Dict): Step | Promise<Step>
    }

/** One source of identities, proven in one way. */
export interface AuthMethod {
  readonly name: string
  /**
   * Begins with a client that chose this method. Null: this source does not know it, and the next
   * one of the same method is asked.
   */
  begin(hello: Hello): Step | null | Promise<Step | null>
  /**
   * What a client sees whom no source knows: the same as one whose proof is wrong. By default it is
   * refused at once.
   */
  stranger?(hello: Hello): Step
  /**
   * HMAC-SHA256 of a text under the secret that this source shares with a user, in base64; undefined
   * where it does not know the user.
   */
  sign?(authid: string, text: string): string | undefined
}

/** The answer to a client that no source knows, and to one whose proof is wrong: one for both. */
export const DENIED: Step = {
  refused: AUTHENTICATION_DENIED,
  text: 'nobody with this authid is known by this proof',
}

/** Refuses a client whose HELLO or AUTHENTICATE cannot be used; `text` says what is wrong with it. */
export function denied(text: string): Step {
  return { refused: AUTHENTICATION_DENIED, text }
}

/** The authid that a client claims. Some clients send an empty one and mean none. */
export function authidOf({ details: { authid } }: Hello): string | undefined {
  return typeof authid === 'string' && authid !== '' ? authid : undefined
}

/** `authextra` of a HELLO: empty where it is no dict. */
export function authextraOf({ details: { authextra } }: Hello): Dict {
  return typeof authextra === 'object' && authextra !== null ? (authextra as Dict) : {}
}

/** Somebody whom a method lets in; without authid it is everybody who asks. */
export interface Principal {
  readonly authid?: string
  /** Undefined: only `asks` knows. */
  readonly role?: string
  /** The procedure that says who somebody is. */
  readonly asks?: string
  /** The protocol's name of the method, where the keys have another one. */
  readonly method?: string
  /** No client that comes here is left to the sources behind. */
  readonly takesAll?: boolean
  /** Where the role is written, or the procedure, from the method's keys on. */
  readonly path: Path
}

/** Where something is among the keys of a method. */
type Path = readonly (string | number)[]

/** The principals of keys that name users by authid. */
export function principalsIn(users: Readonly<Record<string, { role: string }>>): Principal[] {
  return Object.entries(users).map(([authid, { role }]) => ({
    authid,
    role,
    path: ['principals', authid, 'role'],
  }))
}

/** What is wrong with the keys of a method. */
export interface KeyFault {
  readonly path: Path
  readonly text: string
  /** What stands there, if people are to see it: as they wrote it, behind the text. */
  readonly value?: string
}

/** What methods ask of the router. */
export interface Surroundings {
  readonly clock: Clock
  readonly log: Log
  readonly counters: Counters
  /**
   * Calls a procedure of a realm for the router itself; gives its first result. Rejects with a
   * WampError, also after `timeout` milliseconds.
   */
  call(realm: string, procedure: string, args: unknown[], timeout: number): Promise<unknown>
}

/**
 * A way of authentication. A new one is a file that gives this, and a line in methods.ts: schema,
 * checks, documents and `wampd check --explain` follow.
 */
export interface AuthKind<Keys> {
  readonly name: string
  /** The schema of its keys in an authenticator. */
  readonly keys: TSchema
  /** Whom the keys let in. */
  principals(keys: Keys): Principal[]
  /** What is wrong with keys whose types are right, where these are the realms. */
  faults?(keys: Keys, realms: readonly string[]): KeyFault[]
  create(keys: Keys, surroundings: Surroundings): AuthMethod | AuthMethod[]
}

/**
 * The sources to ask: those of the first of the client's methods that is on offer. A client that
 * lists none means anonymous; one that does is never let in by another.
 */
export function chooseMethod(details: Dict, offered: readonly AuthMethod[]): AuthMethod[] {
  const listed: unknown[] = Array.isArray(details.authmethods) ? details.authmethods : []
  const wanted = listed.length === 0 ? ['anonymous'] : listed
  for (const name of wanted) {
    const sources = offered.filter(candidate => candidate.name === name)
    if (sources.length > 0) return sources
  }
  return []
}

/** Asks the sources of one method in order; where none knows the client, it is a stranger. */
export function beginWith(
  sources: readonly AuthMethod[],
  hello: Hello,
  from = 0,
): Step | Promise<Step> {
  for (const [i, source] of sources.entries()) {
    if (i < from) continue
    const step = source.begin(hello)
    if (step instanceof Promise)
      return step.then(known => known ?? beginWith(sources, hello, i + 1))
    if (step !== null) return step
  }
  return sources[0]?.stranger?.(hello) ?? DENIED
}

/**
 * The refusal of a HELLO that asks for channel binding; undefined if it does not. The transports do not
 * give what TLS channels are bound to, and TLS 1.3 has no tls-unique.
 */
export function bindingFault(hello: Hello): Step | undefined {
  const { channel_binding: binding } = authextraOf(hello)
  if ((binding ?? null) === null) return undefined
  return denied('channel binding is not offered here: leave it out')
}
