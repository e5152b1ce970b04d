import { MAX_ID } from '../base/ids.ts'
import type { Origin } from '../base/origin.ts'
import type { Outlet } from '../delivery/outlet.ts'
import type { SharedMessage } from '../delivery/shared-message.ts'
import type { SessionDetails } from '../meta/meta.ts'
import { ProtocolViolation } from '../protocol/errors.ts'
import { CALLER_SENDS_PARTS } from '../protocol/features.ts'
import {
  CALL,
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
  readonly role: Role
  readonly features: number
  readonly details: SessionDetails
  readonly origin: Origin
  readonly realm: Realm
  /** Ends session and connection; the link that carries the session sets it. */
  kill: (reason: string, message?: string) => void = () => {}
  /** Ends session and connection because of an error; set as `kill` is. */
  fail: (error: unknown) => void = () => {}
  /** Forgets what the authorizer has decided. */
  readonly forget?: () => void
  readonly #outlet: Outlet
  /** Where messages wait for the authorizer, if the role has one. */
  readonly #gate: Gate | null = null
  /** The request id that comes next where the realm is strict about them. */
  #nextRequest = 1
  #lastCall = 0

  constructor(realm: Realm, id: number, who: Who, outlet: Outlet) {
    this.realm = realm
    this.id = id
    this.authid = who.authid
    this.features = who.features
    this.details = who.details
    this.origin = who.origin
    this.#outlet = outlet
    if (who.role.rules.authorizer === undefined) this.role = who.role
    else {
      const role = new AskedRole(who.role)
      this.role = role
      this.forget = () => role.forget()
      this.#gate = new Gate(this, role)
    }
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

  /** A message of the client. Throws ProtocolViolation. */
  receive(message: Message): void {
    if (this.realm.strictRequestIds) this.#count(message)
    if (this.#gate === null) this.realm.receive(this, message)
    else this.#gate.receive(message)
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
