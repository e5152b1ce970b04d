import { type Clock, systemClock } from '../base/clock.ts'
import { type Counted, Counters } from '../base/counters.ts'
import type { RandomId } from '../base/ids.ts'
import type { Log } from '../base/log.ts'
import { Broker } from '../broker/broker.ts'
import type { PubSubOptions } from '../broker/options.ts'
import type { Subscriptions } from '../broker/subscriptions.ts'
import { Dealer } from '../dealer/dealer.ts'
import type { RpcOptions } from '../dealer/options.ts'
import type { Registrations } from '../dealer/registrations.ts'
import type { Backlog } from '../delivery/backlog.ts'
import type { Gap } from '../delivery/gaps.ts'
import type { Peer } from '../delivery/outlet.ts'
import type { Match, UriCheck } from '../match/uri.ts'
import { authorizerProcedures } from '../meta/authorizer.ts'
import { historyProcedures } from '../meta/history.ts'
import { answerMeta, type MetaProcedure, type MetaSession } from '../meta/meta.ts'
import { publicationProcedures } from '../meta/publications.ts'
import { registrationEvents, registrationProcedures } from '../meta/registrations.ts'
import { retainedProcedures } from '../meta/retained.ts'
import { onJoin, onLeave, sessionProcedures } from '../meta/sessions.ts'
import { subscriptionEvents, subscriptionProcedures } from '../meta/subscriptions.ts'
import { Testaments } from '../meta/testaments.ts'
import {
  AUTHORIZATION_FAILED,
  DISCLOSE_ME_DISALLOWED,
  LIMIT_EXCEEDED,
  NOT_AUTHORIZED,
  PAYLOAD_SIZE_EXCEEDED,
  PayloadError,
  ProtocolViolation,
  WampError,
} from '../protocol/errors.ts'
import {
  CALL,
  CANCEL,
  type Call,
  ERROR,
  type ErrorMessage,
  type EventMessage,
  errorFor,
  type Message,
  PUBLISH,
  type Publish,
  REGISTER,
  type Register,
  SUBSCRIBE,
  type Subscribe,
  shapeOf,
  UNREGISTER,
  UNSUBSCRIBE,
  YIELD,
  type Yield,
} from '../protocol/messages.ts'
import { type Dict, Payload } from '../protocol/payload.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { Traffic } from '../traffic/traffic.ts'
import {
  callerDisclosure,
  MAY_CALL,
  MAY_PUBLISH,
  MAY_REGISTER,
  MAY_SUBSCRIBE,
  publisherDisclosure,
  RESERVED,
  Role,
  type Rules,
  trustLevel,
} from './authorize.ts'
import { Headcount } from './headcount.ts'
import { type Limits, UNLIMITED } from './limits.ts'
import { isAnswered, matchOf, refusal } from './refusal.ts'
import { whyNoRegistration, whyNoSession, whyNoSubscription } from './room.ts'

/** A session of a realm, remote or in-process. */
export interface Member extends MetaSession {
  readonly role: Role
  /** What it may have and send. */
  readonly limits: Limits
  /** When it began: milliseconds since 1970; undefined for sessions of this process. */
  readonly joined?: number
}

export interface RealmOptions {
  readonly name: string
  readonly uriCheck: UriCheck
  /** Request ids must count from 1 without gaps, as the specification has it. */
  readonly strictRequestIds: boolean
  readonly roles: readonly Role[]
  /** Hears what roles were not allowed to do. */
  readonly log?: Log
  /** Limits and liberties of calls; see docs/rpc.md. */
  readonly rpc?: RpcOptions
  /** What is kept of publications. */
  readonly pubsub?: PubSubOptions
  /** What may be in it; its roles have limits of their own. Absent: as much as comes. */
  readonly limits?: Limits
  readonly clock?: Clock
  readonly counters?: Counters
  /** Where the payloads that it keeps for calls are counted. */
  readonly backlog?: Backlog
  /** Where it is noted how long its calls took; its watch sees what broker and dealer do. */
  readonly traffic?: Traffic
  /** Where chance decides between callees: from 0 up to, but not, 1. */
  readonly random?: () => number
}

/** How much a realm has of what its limits limit. */
export interface RealmLoad {
  readonly sessions: number
  readonly subscriptions: number
  readonly registrations: number
  /** Calls that are not answered yet. */
  readonly calls: number
  /** What limits have refused since the start. */
  readonly refused: number
}

/** A world of its own: nothing crosses from one realm to another. */
export class Realm {
  readonly name: string
  readonly uriCheck: UriCheck
  readonly strictRequestIds: boolean
  readonly #roles: Map<string, Role>
  /** Roles that a reload took away: sessions may still have them. */
  readonly #gone = new Map<string, Role>()
  readonly #log: Log | undefined
  readonly counters: Counters
  readonly clock: Clock
  readonly members: Map<number, Member> = new Map()
  readonly #headcount = new Headcount()
  #limits: Limits
  #refused = 0
  readonly #store: Store
  readonly #broker: Broker
  readonly #dealer: Dealer
  readonly #testaments: Testaments
  /** The router's own procedures, by URI. */
  readonly #meta: ReadonlyMap<string, MetaProcedure>

  constructor(options: RealmOptions, randomId: RandomId) {
    this.name = options.name
    this.uriCheck = options.uriCheck
    this.strictRequestIds = options.strictRequestIds
    this.#roles = new Map(options.roles.map(role => [role.name, role]))
    this.#log = options.log
    this.counters = options.counters ?? new Counters()
    const { pubsub = {}, rpc = {}, limits = UNLIMITED } = options
    const { clock = systemClock, random = Math.random, traffic = new Traffic() } = options
    const { name: realm } = options
    this.clock = clock
    this.#limits = limits
    this.#store = openStore(pubsub.store)
    this.#broker = new Broker({
      randomId,
      clock,
      store: this.#store,
      options: pubsub,
      watch: subscriptionEvents(this),
      ...{ realm, traffic },
      isHere: peer => this.#isHere(peer),
    })
    this.#dealer = new Dealer({
      clock,
      random,
      watcher: registrationEvents(this),
      options: rpc,
      ...{ realm, traffic },
      ...(options.backlog && { backlog: options.backlog }),
    })
    this.#testaments = new Testaments(this, pubsub.testaments)
    this.#meta = new Map([
      ...sessionProcedures(this),
      ...authorizerProcedures(this),
      ...this.#testaments.procedures(),
      ...subscriptionProcedures(this, this.#broker),
      ...historyProcedures(this, this.#broker),
      ...retainedProcedures(this.#broker),
      ...publicationProcedures(this.#broker),
      ...registrationProcedures(this, this.#dealer),
    ])
  }

  get roleNames(): string[] {
    return [...this.#roles.keys()]
  }

  /** The role of that name. */
  role(name: string): Role | undefined {
    return this.#roles.get(name)
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
    const { error, text } = refusal(session, (verdict & ~RESERVED) | reserved)
    throw new WampError(error, [text])
  }

  publish(session: MetaSession, topic: string, options: Dict, payload: Payload): void {
    this.receive(session as Member, { type: PUBLISH, request: 0, options, topic, payload })
  }

  mayCall(caller: MetaSession, procedure: string): boolean {
    return ((caller as Member).role.verdict(procedure) & MAY_CALL) !== 0
  }

  get subscriptions(): Subscriptions {
    return this.#broker.subscriptions
  }

  get registrations(): Registrations {
    return this.#dealer.registrations
  }

  /** What it has, and how often its limits have refused something. */
  get load(): RealmLoad {
    return {
      sessions: this.members.size,
      subscriptions: this.#broker.subscriptions.size,
      registrations: this.#dealer.registrations.byId.size,
      calls: this.#dealer.open,
      refused: this.#refused,
    }
  }

  /** A limit of the realm, or of a role in it, has refused something. */
  countRefusal(what: Counted): void {
    this.#refused++
    this.counters.count(what)
  }

  /** Why one session more is too much, if it is. */
  whyFull(member: Member): string | undefined {
    return whyNoSession(this.#limits, this.#headcount, member)
  }

  join(member: Member): void {
    this.members.set(member.id, member)
    this.#headcount.add(member)
    onJoin(this, member)
  }

  /** The session is over: nothing is routed to it any more, and nothing of it stays. */
  leave(member: Member): void {
    if (!this.members.delete(member.id)) return
    this.#headcount.remove(member)
    // It hears nothing any more of what is given up on its behalf.
    const held = this.#broker.leave(member)
    this.#dealer.leave(member)
    this.#testaments.execute(member)
    this.#broker.gone(member, held)
    onLeave(this, member)
  }

  /** How a member is told of events that it has missed; null where it does not listen for that. */
  notice(member: Member, gap: Gap): EventMessage | null {
    return this.#broker.notice(member, gap)
  }

  /** Resolves when all that is to be kept is. Nothing may be published any more. */
  close(): Promise<void> {
    return this.#store.close()
  }

  /** True of a session's call that is not over. */
  isOpen(member: Member, request: number): boolean {
    return this.#dealer.isOpen(member, request)
  }

  /** Bytes of payloads that are kept for the calls of a session. */
  keptBytes(member: Member): number {
    return this.#dealer.keptBytes(member)
  }

  /** True of a session that waits for answers, or owes some. */
  isBusy(member: Member): boolean {
    return this.#dealer.isBusy(member)
  }

  /** True of a session that owes answers: it may need calls of its own for them. */
  isAnswering(member: Member): boolean {
    return this.#dealer.isAnswering(member)
  }

  /** True of a session that has registered something. */
  isCallee(member: Member): boolean {
    return this.#dealer.isCallee(member)
  }

  /** Sets other limits, for what begins from now on. */
  limit(rpc: RpcOptions, pubsub: PubSubOptions, limits: Limits): void {
    this.#limits = limits
    this.#dealer.limit(rpc)
    this.#broker.retained.limit(pubsub.retained_events)
    this.#testaments.limit(pubsub.testaments)
  }

  /** Gives the roles other rules, all at once, and returns the roles that are gone. */
  changeRoles(wanted: ReadonlyMap<string, Rules>): Role[] {
    for (const [name, rules] of wanted) {
      // Sessions that kept a role which comes back get its rules of now.
      const role = this.#roles.get(name) ?? this.#gone.get(name)
      if (role !== undefined) role.rules = rules
      this.#roles.set(name, role ?? new Role(name, rules))
      this.#gone.delete(name)
    }
    const gone = [...this.#roles.values()].filter(role => !wanted.has(role.name))
    for (const role of gone) {
      this.#roles.delete(role.name)
      this.#gone.set(role.name, role)
    }
    return gone
  }

  /** A message of a member. Throws ProtocolViolation, which ends the member's session. */
  receive(member: Member, message: Message): void {
    try {
      this.#route(member, message)
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error
      if (isAnswered(message)) member.send(errorFor(message, error.uri, error.message))
    }
  }

  /** Answers a request whose authorizer failed: nobody knows whether it may be. */
  fail(member: Member, message: Routed): void {
    this.refuse(member, message, AUTHORIZATION_FAILED, 'the authorizer failed')
  }

  /** Answers a request that may not be, whatever the rules say. A call that it is a part of ends. */
  refuse(member: Member, message: Routed, error: string, text: string): void {
    const isLate = message.type === CALL && !this.#dealer.isToBeAnswered(member, message)
    if (isLate || (message.type === PUBLISH && !isAnswered(message))) return
    member.send(errorFor(message, error, text))
  }

  /** A message whose payload is larger than its sender may send. Throws ProtocolViolation. */
  refusePayload(member: Member, message: Carrier): void {
    this.countRefusal('payloads_refused')
    const text = `a payload may have at most ${member.limits.payload_size} bytes`
    if (message.type === YIELD || message.type === ERROR) {
      this.#dealer.withhold(member, message, PAYLOAD_SIZE_EXCEEDED, text)
    } else this.refuse(member, message, PAYLOAD_SIZE_EXCEEDED, text)
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
        this.#dealer.yield(member, message)
        return
      case ERROR:
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

  #isHere(peer: Peer): boolean {
    return this.members.get(peer.id) === peer
  }

  #publish(member: Member, message: Publish): void {
    const verdict = member.role.verdict(message.topic)
    if ((verdict & MAY_PUBLISH) === 0 || (verdict & RESERVED) !== 0) {
      this.#refuse(member, message, verdict)
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
    const verdict = member.role.verdict(message.procedure)
    if ((verdict & (MAY_CALL | RESERVED)) === MAY_CALL) {
      const { rpc } = member.role.rules
      const disclosure = callerDisclosure(verdict)
      const maxOpen = member.limits.calls_per_session
      if (!this.#dealer.call(member, message, disclosure, trustLevel(verdict), rpc, maxOpen)) {
        this.countRefusal('limits_reached')
      }
    } else if (this.#dealer.isToBeAnswered(member, message)) {
      if ((verdict & MAY_CALL) === 0) this.#refuse(member, message, verdict & ~RESERVED)
      else {
        const procedure = this.#meta.get(message.procedure)
        answerMeta(procedure, member, message, () => this.#isHere(member))
      }
    }
  }

  #subscribe(member: Member, message: Subscribe): void {
    const match = matchOf(member, message)
    if (match === undefined) return
    const verdict = member.role.verdictOnPattern(message.topic, match)
    if ((verdict & MAY_SUBSCRIBE) === 0) this.#refuse(member, message, verdict & ~RESERVED)
    else {
      const { subscriptions } = this.#broker
      const reason = whyNoSubscription(this.#limits, subscriptions, member, message, match)
      if (reason !== undefined) this.#deny(member, message, reason)
      else this.#broker.subscribe(member, message, match)
    }
  }

  #register(member: Member, message: Register): void {
    const match = matchOf(member, message)
    if (match === undefined) return
    const verdict = member.role.verdictOnPattern(message.procedure, match)
    if ((verdict & MAY_REGISTER) === 0 || (verdict & RESERVED) !== 0) {
      this.#refuse(member, message, verdict)
      return
    }
    const { registrations } = this.#dealer
    const reason = whyNoRegistration(this.#limits, registrations, member, message, match)
    if (reason !== undefined) this.#deny(member, message, reason)
    else {
      const { rpc } = member.role.rules
      this.#dealer.register(member, message, match, callerDisclosure(verdict), rpc)
    }
  }

  /** Answers a request for which there is no room, for this reason. */
  #deny(member: Member, message: Subscribe | Register, reason: string): void {
    this.countRefusal('limits_reached')
    member.send(errorFor(message, LIMIT_EXCEEDED, reason))
  }

  /** Answers a request that may not be. The URI's form comes before the right to use it. */
  #refuse(member: Member, message: Routed, verdict: number): void {
    const { error, text } = refusal(member, verdict)
    if (error === NOT_AUTHORIZED) {
      const { id: session, authid, authrole } = member
      const uri = 'topic' in message ? message.topic : message.procedure
      const action = shapeOf(message.type)?.name
      const facts = { realm: this.name, session, authid, authrole, action, uri }
      this.#log?.debug(facts, 'not authorized')
    }
    if (message.type !== PUBLISH || isAnswered(message)) {
      member.send(errorFor(message, error, text))
    }
  }
}

/** Requests that need a permission. */
export type Routed = Publish | Call | Subscribe | Register

/** Messages of clients that carry a payload. */
export type Carrier = Publish | Call | Yield | ErrorMessage
