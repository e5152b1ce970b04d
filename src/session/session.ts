import { MAX_ID } from '../base/ids.ts'
import type { Origin } from '../base/origin.ts'
import type { Outlet } from '../delivery/outlet.ts'
import type { SharedMessage } from '../delivery/shared-message.ts'
import type { SessionDetails } from '../meta/meta.ts'
import { ProtocolViolation } from '../protocol/errors.ts'
import { CALLER_SENDS_PARTS } from '../protocol/features.ts'
import {
  CALL,
  type Goodbye,
  type Message,
  PUBLISH,
  REGISTER,
  SUBSCRIBE,
  UNREGISTER,
  UNSUBSCRIBE,
} from '../protocol/messages.ts'
import { AskedRole } from '../realm/asked-role.ts'
import type { Role } from '../realm/authorize.ts'
import type { Member, Realm } from '../realm/realm.ts'
import { Gate } from './gate.ts'

/** Whom a session belongs to, and what its client can do. */
export interface Who {
  readonly authid: string
  readonly role: Role
  readonly features: number
  readonly details: SessionDetails
  readonly origin: Origin
}

/** One WAMP session of a remote client, from WELCOME to its end. */
export class Session implements Member {
  readonly id: number
  readonly authid: string
  /** It becomes one of its own where an authorizer is asked. */
  role: Role
  readonly features: number
  readonly details: SessionDetails
  readonly origin: Origin
  readonly realm: Realm
  /** Ends session and connection; the link that carries the session sets it. */
  kill: (reason: string, message?: string) => void = () => {}
  /** Ends session and connection because of an error; set as `kill` is. */
  fail: (error: unknown) => void = () => {}
  /** Ends the session by the client's GOODBYE; set as `kill` is. */
  leave: () => void = () => {}
  /** Forgets what the authorizer has decided; undefined while none is asked. */
  forget: (() => void) | undefined = undefined
  readonly #outlet: Outlet
  /** Where messages wait for the authorizer, once the role has one. */
  #gate: Gate | null = null
  /** The request id that comes next where the realm is strict about them. */
  #nextRequest = 1
  #lastCall = 0

  constructor(realm: Realm, id: number, who: Who, outlet: Outlet) {
    this.realm = realm
    this.id = id
    this.authid = who.authid
    this.role = who.role
    this.features = who.features
    this.details = who.details
    this.origin = who.origin
    this.#outlet = outlet
  }

  get authrole(): string {
    return this.role.name
  }

  send(message: Message): void {
    this.#outlet.send(message)
  }

  share(message: SharedMessage): void {
    this.#outlet.share(message)
  }

  /** A message of the client, which came in `size` bytes. Throws ProtocolViolation. */
  receive(message: Message, size: number): void {
    if (this.realm.strictRequestIds) this.#count(message)
    if (this.#gate !== null) this.#gate.receive(message, size)
    else if (this.role.rules.authorizer === undefined) this.realm.receive(this, message)
    else this.#guard().receive(message, size)
  }

  /** The client's GOODBYE: what waits for the authorizer goes before it. */
  receiveGoodbye(message: Goodbye): void {
    if (this.#gate?.isShut) this.#gate.receive(message, 0)
    else this.leave()
  }

  /** It waits for answers, or owes some. */
  get isBusy(): boolean {
    return this.realm.isBusy(this) || (this.#gate?.holdsCall() ?? false)
  }

  /** True of its call that is not over. */
  isOpen(request: number): boolean {
    return this.realm.isOpen(this, request) || (this.#gate?.holdsCall(request) ?? false)
  }

  /** The role has an authorizer, since its first message or since a reload. */
  #guard(): Gate {
    const role = new AskedRole(this.role)
    this.role = role
    this.forget = () => role.forget()
    this.#gate = new Gate(this, role)
    return this.#gate
  }

  /** Requests of a session count 1, 2, 3 … over all their kinds (WAMP, "Identifiers"). */
  #count(message: Message): void {
    if (!COUNTED.has(message.type)) return
    const { request } = message as Extract<Message, { request: number }>
    // A further part of a progressive call: the dealer sees whether there is one.
    const isCall = message.type === CALL
    if (isCall && request <= this.#lastCall && this.features & CALLER_SENDS_PARTS) return
    if (request !== this.#nextRequest) {
      throw new ProtocolViolation(
        `request id ${request} is out of sequence, ${this.#nextRequest} is next`,
      )
    }
    this.#nextRequest = request === MAX_ID ? 1 : request + 1
    if (isCall) this.#lastCall = request
  }
}

const COUNTED = new Set<number>([PUBLISH, SUBSCRIBE, UNSUBSCRIBE, CALL, REGISTER, UNREGISTER])
