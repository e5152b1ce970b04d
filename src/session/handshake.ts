import { type AuthMethod, beginWith, chooseMethod, type Identity, type Step } from '../auth/auth.ts'
import type { RandomId } from '../base/ids.ts'
import type { Origin } from '../base/origin.ts'
import type { Outlet } from '../delivery/outlet.ts'
import { isUri } from '../match/uri.ts'
import {
  AUTHENTICATION_FAILED,
  INVALID_URI,
  NO_MATCHING_AUTH_METHOD,
  NO_SUCH_REALM,
  NO_SUCH_ROLE,
  ProtocolViolation,
  TOO_MANY_ATTEMPTS,
} from '../protocol/errors.ts'
import { announcedFeatures, ROUTER_ROLES } from '../protocol/features.ts'
import {
  AUTHENTICATE,
  CHALLENGE,
  HELLO,
  type Hello,
  type Message,
  shapeOf,
  WELCOME,
  type Welcome,
} from '../protocol/messages.ts'
import type { Dict } from '../protocol/payload.ts'
import type { Realm } from '../realm/realm.ts'
import type { Attempts } from './attempts.ts'
import { Session } from './session.ts'

export const AGENT = 'wampd'

/** Where a handshake stands after a message. */
export type Outcome =
  | 'continue'
  | { readonly refused: string; readonly text: string }
  | { readonly session: Session; readonly welcome: Welcome }

/** What a handshake asks of the router. */
export interface Registry {
  readonly randomId: RandomId
  /** The realm of that name that may be joined here. */
  realm(name: string): Realm | undefined
  /** The methods on offer here, those of one name in the order in which they are asked. */
  methods(): readonly AuthMethod[]
  /** Who has failed before. */
  readonly attempts: Attempts
}

const HELD_BACK: Outcome = {
  refused: TOO_MANY_ATTEMPTS,
  text: 'too many attempts have failed from this address: wait a while',
}

/** What HELLO settled. */
interface Facts {
  readonly hello: Hello
  readonly realm: Realm
  readonly sources: readonly AuthMethod[]
  readonly id: number
  readonly features: number
}

/** The way of one client from HELLO over CHALLENGE to WELCOME or ABORT (WAMP, "Session Opening"). */
export class Handshake {
  readonly #registry: Registry
  readonly #outlet: Outlet
  readonly #origin: Origin
  /** Who the client says that it is, for the log. */
  asked: { readonly realm?: string; readonly authid?: string } = {}
  #facts: Facts | null = null
  /** How to go on with the AUTHENTICATE that answers the open challenge. */
  #answer: ((signature: string, extra: Dict) => Step | Promise<Step>) | null = null

  constructor(registry: Registry, outlet: Outlet, origin: Origin) {
    this.#registry = registry
    this.#outlet = outlet
    this.#origin = origin
  }

  /** HELLO first, then AUTHENTICATE once after each CHALLENGE. Throws ProtocolViolation. */
  receive(message: Message): Outcome | Promise<Outcome> {
    if (this.#facts === null && message.type === HELLO) {
      const { realm, details } = message
      this.asked = { realm, ...(typeof details.authid === 'string' && { authid: details.authid }) }
      return this.#hello(message)
    }
    if (this.#answer !== null && message.type === AUTHENTICATE) {
      if (this.#isHeldBack) return HELD_BACK
      const answer = this.#answer
      this.#answer = null
      return this.#follow(answer(message.signature, message.extra))
    }
    throw new ProtocolViolation(`${shapeOf(message.type)?.name} while a session is being opened`)
  }

  #hello(hello: Hello): Outcome | Promise<Outcome> {
    const { realm: name, details } = hello
    const { roles } = details
    if (typeof roles !== 'object' || roles === null || Array.isArray(roles)) {
      throw new ProtocolViolation('HELLO: details.roles is no dict')
    }
    if (!isUri(name, 'loose')) return { refused: INVALID_URI, text: 'the realm is no valid URI' }
    const realm = this.#registry.realm(name)
    if (realm === undefined) return { refused: NO_SUCH_REALM, text: `there is no realm ${name}` }
    if (this.#isHeldBack) return HELD_BACK
    const offered = this.#registry.methods()
    const sources = chooseMethod(details, offered)
    if (sources.length === 0) {
      const ours = [...new Set(offered.map(candidate => candidate.name))].join(', ')
      return { refused: NO_MATCHING_AUTH_METHOD, text: `the methods on offer are: ${ours}` }
    }
    const id = this.#freeId(realm)
    const features = announcedFeatures(roles as Dict)
    this.#facts = { hello, realm, sources, id, features }
    return this.#follow(
      beginWith(sources, { realm: name, details, session: id, origin: this.#origin }),
    )
  }

  #follow(step: Step | Promise<Step>): Outcome | Promise<Outcome> {
    return step instanceof Promise
      ? step.then(settled => this.#settle(settled))
      : this.#settle(step)
  }

  #settle(step: Step): Outcome | Promise<Outcome> {
    const facts = this.#facts as Facts
    if ('refused' in step) {
      // Where the check itself could not be made, the client has not failed.
      if (step.refused !== AUTHENTICATION_FAILED) this.#registry.attempts.failed(this.#origin.peer)
      return step
    }
    if ('identity' in step) {
      // After a reload this user, or this realm, may be no more: the client proves itself anew.
      return this.#holds(facts) ? this.#welcome(step.identity, facts) : this.#hello(facts.hello)
    }
    this.#answer = (signature, extra) => step.answer(signature, extra)
    const method = (facts.sources[0] as AuthMethod).name
    this.#outlet.send({ type: CHALLENGE, method, extra: step.challenge })
    return 'continue'
  }

  /** True while realm and methods are still those on offer. */
  #holds({ realm, sources }: Facts): boolean {
    const offered = this.#registry.methods()
    return (
      this.#registry.realm(realm.name) === realm &&
      sources.every(source => offered.includes(source))
    )
  }

  #welcome(identity: Identity, { realm, sources, id, features }: Facts): Outcome {
    const method = (sources[0] as AuthMethod).name
    const { authid, authrole } = identity
    const role = realm.role(authrole)
    if (role === undefined) {
      return { refused: NO_SUCH_ROLE, text: `realm ${realm.name} has no role ${authrole}` }
    }
    const { authprovider } = identity
    const details = { session: id, authid, authrole, authmethod: method, authprovider }
    const origin = this.#origin
    const session = new Session(
      realm,
      id,
      { authid, role, features, details, origin },
      this.#outlet,
    )
    const welcome = {
      realm: realm.name,
      ...identity,
      authmethod: method,
      roles: ROUTER_ROLES,
      agent: AGENT,
    }
    return { session, welcome: { type: WELCOME, session: id, details: welcome } }
  }

  get #isHeldBack(): boolean {
    return this.#registry.attempts.isHeldBack(this.#origin.peer)
  }

  #freeId(realm: Realm): number {
    let id = this.#registry.randomId()
    while (realm.members.has(id)) id = this.#registry.randomId()
    return id
  }
}
