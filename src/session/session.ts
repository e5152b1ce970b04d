import { MAX_ID } from '../base/ids.ts'
import type { Origin } from '../base/origin.ts'
import type { Outlet } from '../delivery/outlet.ts'
import type { SharedMessage } from '../delivery/shared-message.ts'
import type { SessionDetails } from '../meta/meta.ts'
import { FLOOD, ProtocolViolation, RATE_EXCEEDED } from '../protocol/errors.ts'
import { CALLER_SENDS_PARTS } from '../protocol/features.ts'
import {
  CALL,
  ERROR,
  type Goodbye,
  type Message,
  PUBLISH,
  REGISTER,
  SUBSCRIBE,
  UNREGISTER,
  UNSUBSCRIBE,
  YIELD,
} from '../protocol/messages.ts'
import { AskedRole } from '../realm/asked-role.ts'
import type { Role } from '../realm/authorize.ts'
import type { Limits } from '../realm/limits.ts'
import type { Carrier, Member, Realm, Routed } from '../realm/realm.ts'
import { Gate } from './gate.ts'
import { Quota } from './quota.ts'

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
  /** When it began: milliseconds since 1970. */
  readonly joined: number
  readonly #outlet: Outlet
  /** Where messages wait for the authorizer, once the role has one. */
  #gate: Gate | null = null
  /** What it may still send, once its role has a limit on that. */
  #quota: Quota | null = null
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
    this.joined = realm.clock.now()
  }

  get authrole(): string {
    return this.role.name
  }

  get limits(): Limits {
    return this.role.rules.limits
  }

  send(message: Message): void {
    this.#outlet.send(message)
  }

  share(message: SharedMessage): void {
    this.#outlet.share(message)
  }

  unsubscribed(subscription: number): void {
    this.#outlet.unsubscribed?.(subscription)
  }

  /** A message of the client, which came in `size` bytes. Throws ProtocolViolation. */
  receive(message: Message, size: number): void {
    if (this.realm.strictRequestIds) this.#count(message)
    const { rules } = this.role
    if (rules.isMetered && !this.#isWithin(rules.limits, message, size)) return
    if (this.#gate !== null) this.#gate.receive(message, size)
    else if (rules.authorizer === undefined) this.route(message)
    else this.#guard().receive(message, size)
  }

  /** A message whose turn it is. Throws ProtocolViolation. */
  route(message: Message): void {
    const { payload_size } = this.limits
    if (payload_size > 0 && isCarrier(message) && message.payload.size > payload_size) {
      this.realm.refusePayload(this, message)
    } else this.realm.receive(this, message)
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

  /** Bytes that its client has not read yet. */
  get waiting(): number {
    return this.#outlet.waiting ?? 0
  }

  /** Bytes of payloads that are kept for its calls. */
  get keptBytes(): number {
    return this.realm.keptBytes(this)
  }

  /** True of its call that is not over. */
  isOpen(request: number): boolean {
    return this.realm.isOpen(this, request) || (this.#gate?.holdsCall(request) ?? false)
  }

  /** Measures a message, and sees to one that is too much. */
  #isWithin(limits: Limits, message: Message, size: number): boolean {
    const { realm } = this
    // Other limits since: they begin anew.
    if (this.#quota?.limits !== limits) this.#quota = new Quota(realm.clock, limits)
    const standing = this.#quota.count(size)
    if (standing === 'within') return true
    if (standing === 'flood') {
      realm.countRefusal('floods')
      this.kill(FLOOD, 'the session went on sending more than it may')
      return false
    }
    // Others wait for answers, and what ends something takes a load off. Behind a shut gate requests
    // are kept in order.
    if (!isRequest(message) || this.#gate?.isShut) return true
    realm.countRefusal('rate_refused')
    realm.refuse(this, message, RATE_EXCEEDED, 'too many messages, or too large ones')
    return false
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

function isCarrier(message: Message): message is Carrier {
  const { type } = message
  return type === PUBLISH || type === CALL || type === YIELD || type === ERROR
}

/** What is refused to a session that sends too much. */
function isRequest(message: Message): message is Routed {
  const { type } = message
  return type === PUBLISH || type === CALL || type === SUBSCRIBE || type === REGISTER
}

const COUNTED = new Set<number>([PUBLISH, SUBSCRIBE, UNSUBSCRIBE, CALL, REGISTER, UNREGISTER])
