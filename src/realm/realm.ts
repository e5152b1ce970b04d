import { type Clock, systemClock } from '../base/clock.ts'
import type { RandomId } from '../base/ids.ts'
import { Broker } from '../broker/broker.ts'
import type { PubSubOptions } from '../broker/options.ts'
import { Dealer } from '../dealer/dealer.ts'
import { MATCHES, type Match, type UriCheck } from '../match/uri.ts'
import { historyProcedures } from '../meta/history.ts'
import { answerMeta, type MetaProcedure, type MetaSession } from '../meta/meta.ts'
import { retainedProcedures } from '../meta/retained.ts'
import { onJoin, onLeave, sessionProcedures } from '../meta/sessions.ts'
import { subscriptionEvents, subscriptionProcedures } from '../meta/subscriptions.ts'
import { Testaments } from '../meta/testaments.ts'
import {
  DISCLOSE_ME_DISALLOWED,
  INVALID_ARGUMENT,
  INVALID_URI,
  NOT_AUTHORIZED,
  PayloadError,
  ProtocolViolation,
  UNTRANSLATABLE_PAYLOAD,
  WampError,
} from '../protocol/errors.ts'
import {
  CALL,
  CANCEL,
  type Call,
  ERROR,
  errorFor,
  type Message,
  PUBLISH,
  type Publish,
  REGISTER,
  type Register,
  type Request,
  SUBSCRIBE,
  type Subscribe,
  shapeOf,
  UNREGISTER,
  UNSUBSCRIBE,
  YIELD,
} from '../protocol/messages.ts'
import { type Dict, Payload } from '../protocol/payload.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import {
  BAD_URI,
  MAY_CALL,
  MAY_PUBLISH,
  MAY_REGISTER,
  MAY_SUBSCRIBE,
  publisherDisclosure,
  RESERVED,
  type Role,
  trustLevel,
} from './authorize.ts'

/** A session of a realm, remote or in-process. */
export interface Member extends MetaSession {
  readonly role: Role
}

export interface RealmOptions {
  readonly name: string
  readonly uriCheck: UriCheck
  /** Request ids must count from 1 without gaps, as the specification has it. */
  readonly strictRequestIds: boolean
  readonly roles: readonly Role[]
  /** What is kept of publications. */
  readonly pubsub?: PubSubOptions
  readonly clock?: Clock
}

/** A world of its own: nothing crosses from one realm to another. */
export class Realm {
  readonly name: string
  readonly uriCheck: UriCheck
  readonly strictRequestIds: boolean
  readonly roles: ReadonlyMap<string, Role>
  readonly members: Map<number, Member> = new Map()
  readonly #store: Store
  readonly #broker: Broker
  readonly #testaments: Testaments
  readonly #dealer = new Dealer()
  /** The router's own procedures, by URI. */
  readonly #meta: ReadonlyMap<string, MetaProcedure>

  constructor(options: RealmOptions, randomId: RandomId) {
    this.name = options.name
    this.uriCheck = options.uriCheck
    this.strictRequestIds = options.strictRequestIds
    this.roles = new Map(options.roles.map(role => [role.name, role]))
    const { pubsub = {}, clock = systemClock } = options
    this.#store = openStore(pubsub.store)
    this.#broker = new Broker({
      randomId,
      clock,
      store: this.#store,
      options: pubsub,
      watch: subscriptionEvents(this),
      isHere: peer => this.members.get(peer.id) === peer,
    })
    this.#testaments = new Testaments(this, pubsub.testaments)
    this.#meta = new Map([
      ...sessionProcedures(this),
      ...this.#testaments.procedures(),
      ...subscriptionProcedures(this, this.#broker),
      ...historyProcedures(this, this.#broker),
      ...retainedProcedures(this.#broker),
    ])
  }

  /** Publishes a meta event: it comes from no session. */
  announce(topic: string, args: unknown[]): void {
    if (this.isHeard) this.#broker.announce(topic, Payload.of(args))
  }

  get isHeard(): boolean {
    return this.#broker.subscriptions.hearMeta
  }

  check(session: MetaSession, action: 'publish' | 'subscribe', uri: string, match: Match): void {
    const verdict = (session as Member).role.verdictOnPattern(uri, match)
    const asked = action === 'publish' ? MAY_PUBLISH : MAY_SUBSCRIBE
    const reserved = action === 'publish' ? verdict & RESERVED : 0
    if ((verdict & asked) !== 0 && reserved === 0) return
    const { uri: error, text } = refusal(session, (verdict & ~RESERVED) | reserved)
    throw new WampError(error, [text])
  }

  publish(session: MetaSession, topic: string, options: Dict, payload: Payload): void {
    this.receive(session as Member, { type: PUBLISH, request: 0, options, topic, payload })
  }

  join(member: Member): void {
    this.members.set(member.id, member)
    onJoin(this, member)
  }

  /** The session is over: nothing is routed to it any more, and nothing of it stays. */
  leave(member: Member): void {
    if (!this.members.delete(member.id)) return
    this.#dealer.leave(member)
    const held = this.#broker.leave(member)
    this.#testaments.execute(member)
    this.#broker.gone(member, held)
    onLeave(this, member)
  }

  /** Resolves when all that is to be kept is. Nothing may be published any more. */
  close(): Promise<void> {
    return this.#store.close()
  }

  /** A message of a member. Throws ProtocolViolation, which ends the member's session. */
  receive(member: Member, message: Message): void {
    try {
      this.#route(member, message)
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error
      if (isAnswered(message)) member.send(errorFor(message, UNTRANSLATABLE_PAYLOAD, error.message))
    }
  }

  #route(member: Member, message: Message): void {
    switch (message.type) {
      case PUBLISH:
        this.#publish(member, message)
        return
      case CALL:
        this.#call(member, message)
        return
      case YIELD:
        refusePassthru(message.options)
        this.#dealer.yield(member, message)
        return
      case ERROR:
        refusePassthru(message.details)
        this.#dealer.error(member, message)
        return
      case SUBSCRIBE:
        this.#subscribe(member, message)
        return
      case UNSUBSCRIBE:
        this.#broker.unsubscribe(member, message)
        return
      case REGISTER:
        this.#register(member, message)
        return
      case UNREGISTER:
        this.#dealer.unregister(member, message)
        return
      case CANCEL:
        this.#dealer.cancel(member, message)
        return
      default:
        throw new ProtocolViolation(
          `${shapeOf(message.type)?.name} is not for a client to send in an open session`,
        )
    }
  }

  #publish(member: Member, message: Publish): void {
    const verdict = member.role.verdict(message.topic)
    if ((verdict & MAY_PUBLISH) === 0 || (verdict & RESERVED) !== 0) {
      if (isAnswered(message)) refuse(member, message, verdict)
      return
    }
    const disclosure = publisherDisclosure(verdict)
    const wanted = message.options.disclose_me === true
    if (wanted && disclosure === 'refused') {
      if (isAnswered(message)) member.send(errorFor(message, DISCLOSE_ME_DISALLOWED))
      return
    }
    const disclosed = disclosure === 'always' || (wanted && disclosure === 'requested')
    this.#broker.publish(member, message, disclosed, trustLevel(verdict))
  }

  #call(member: Member, message: Call): void {
    refusePassthru(message.options)
    const verdict = member.role.verdict(message.procedure)
    if ((verdict & MAY_CALL) === 0) refuse(member, message, verdict & ~RESERVED)
    else if ((verdict & RESERVED) === 0) this.#dealer.call(member, message)
    else answerMeta(this.#meta.get(message.procedure), member, message)
  }

  #subscribe(member: Member, message: Subscribe): void {
    const match = matchOf(member, message)
    if (match === undefined) return
    const verdict = member.role.verdictOnPattern(message.topic, match)
    if ((verdict & MAY_SUBSCRIBE) === 0) refuse(member, message, verdict & ~RESERVED)
    else this.#broker.subscribe(member, message, match)
  }

  #register(member: Member, message: Register): void {
    const match = matchOf(member, message)
    if (match === undefined) return
    const verdict = member.role.verdictOnPattern(message.procedure, match)
    if ((verdict & MAY_REGISTER) === 0 || (verdict & RESERVED) !== 0) {
      refuse(member, message, verdict)
    } else this.#dealer.register(member, message, match)
  }
}

/** Answers a request that may not be. */
function refuse(member: Member, message: Request, verdict: number): void {
  const { uri, text } = refusal(member, verdict)
  member.send(errorFor(message, uri, text))
}

/** Why something may not be. The URI's form comes before the right to use it. */
function refusal({ authrole }: MetaSession, verdict: number): { uri: string; text: string } {
  if ((verdict & BAD_URI) !== 0) return { uri: INVALID_URI, text: 'not a valid URI' }
  if ((verdict & RESERVED) !== 0) {
    return { uri: INVALID_URI, text: 'URIs that begin with wamp. are the router’s own' }
  }
  return { uri: NOT_AUTHORIZED, text: `role ${authrole} is not allowed to do this` }
}

/** The match policy asked for; where there is none of that name, the request is answered. */
function matchOf(member: Member, message: Subscribe | Register): Match | undefined {
  const wanted = message.options.match ?? 'exact'
  const match = MATCHES.find(name => name === wanted)
  if (match === undefined) {
    member.send(errorFor(message, INVALID_ARGUMENT, 'match is none of exact, prefix, wildcard'))
  }
  return match
}

/** Errors of publications without acknowledge go nowhere (WAMP, "Publishing and Events"). */
function isAnswered(message: Message): message is Publish | Call {
  return message.type === CALL || (message.type === PUBLISH && message.options.acknowledge === true)
}

/** Payload passthru mode is not announced: to ignore it would deliver something else. */
function refusePassthru(options: Dict): void {
  if ((options.ppt_scheme ?? undefined) !== undefined) {
    throw new ProtocolViolation('payload passthru mode is not announced by this router')
  }
}
