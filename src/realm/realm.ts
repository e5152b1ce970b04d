import type { RandomId } from '../base/ids.ts'
import { Broker } from '../broker/broker.ts'
import { Dealer } from '../dealer/dealer.ts'
import { MATCHES, type Match, type UriCheck } from '../match/uri.ts'
import { authorizerProcedures } from '../meta/authorizer.ts'
import { answerMeta, type MetaProcedure, type MetaSession } from '../meta/meta.ts'
import { onJoin, onLeave, sessionProcedures } from '../meta/sessions.ts'
import {
  INVALID_ARGUMENT,
  INVALID_URI,
  NOT_AUTHORIZED,
  PayloadError,
  ProtocolViolation,
  UNTRANSLATABLE_PAYLOAD,
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
import {
  BAD_URI,
  MAY_CALL,
  MAY_PUBLISH,
  MAY_REGISTER,
  MAY_SUBSCRIBE,
  RESERVED,
  Role,
  type Rules,
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
}

/** A world of its own: nothing crosses from one realm to another. */
export class Realm {
  readonly name: string
  readonly uriCheck: UriCheck
  readonly strictRequestIds: boolean
  readonly #roles: Map<string, Role>
  readonly members: Map<number, Member> = new Map()
  readonly #broker: Broker
  readonly #dealer = new Dealer()
  /** The router's own procedures, by URI. */
  readonly #meta: ReadonlyMap<string, MetaProcedure>

  constructor(options: RealmOptions, randomId: RandomId) {
    this.name = options.name
    this.uriCheck = options.uriCheck
    this.strictRequestIds = options.strictRequestIds
    this.#roles = new Map(options.roles.map(role => [role.name, role]))
    this.#broker = new Broker(randomId)
    this.#meta = new Map([...sessionProcedures(this), ...authorizerProcedures(this)])
  }

  /** The role of that name. */
  role(name: string): Role | undefined {
    return this.#roles.get(name)
  }

  /** Publishes a meta event: it comes from no session. */
  announce(topic: string, args: unknown[]): void {
    this.#broker.announce(topic, Payload.of(args))
  }

  mayCall(caller: MetaSession, procedure: string): boolean {
    return ((caller as Member).role.verdict(procedure) & MAY_CALL) !== 0
  }

  join(member: Member): void {
    this.members.set(member.id, member)
    onJoin(this, member)
  }

  /** The session is over: nothing is routed to it any more, and nothing of it stays. */
  leave(member: Member): void {
    if (!this.members.delete(member.id)) return
    this.#dealer.leave(member)
    this.#broker.leave(member)
    onLeave(this, member)
  }

  /** How many calls wait for an answer that this session is to get or to give. */
  openCalls(member: Member): number {
    return this.#dealer.openCalls(member)
  }

  /** True of a session that has registered something. */
  isCallee(member: Member): boolean {
    return this.#dealer.isCallee(member)
  }

  /** Gives the roles other rules, all at once, and returns the roles that are gone. */
  changeRoles(wanted: ReadonlyMap<string, Rules>): Role[] {
    for (const [name, rules] of wanted) {
      const role = this.#roles.get(name)
      if (role === undefined) this.#roles.set(name, new Role(name, rules))
      else role.rules = rules
    }
    const gone = [...this.#roles.values()].filter(role => !wanted.has(role.name))
    for (const role of gone) this.#roles.delete(role.name)
    return gone
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
    refusePassthru(message.options)
    const verdict = member.role.verdict(message.topic)
    if ((verdict & MAY_PUBLISH) === 0 || (verdict & RESERVED) !== 0) {
      if (isAnswered(message)) refuse(member, message, verdict)
      return
    }
    this.#broker.publish(member, message)
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

/** Answers a request that may not be. The URI's form comes before the right to use it. */
function refuse(member: Member, message: Request, verdict: number): void {
  if ((verdict & BAD_URI) !== 0) member.send(errorFor(message, INVALID_URI, 'not a valid URI'))
  else if ((verdict & RESERVED) !== 0) {
    member.send(errorFor(message, INVALID_URI, 'URIs that begin with wamp. are the router’s own'))
  } else {
    const text = `role ${member.authrole} is not allowed to do this`
    member.send(errorFor(message, NOT_AUTHORIZED, text))
  }
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
