import { type Clock, systemClock } from '../base/clock.ts'
import { Backlog } from '../delivery/backlog.ts'
import type { Peer } from '../delivery/outlet.ts'
import type { Match } from '../match/uri.ts'
import type { Disclosure } from '../protocol/disclosure.ts'
import {
  FEATURE_NOT_SUPPORTED,
  LIMIT_EXCEEDED,
  NO_SUCH_REGISTRATION,
  PROCEDURE_ALREADY_EXISTS,
  ProtocolViolation,
  REPLACED,
  UNAVAILABLE,
} from '../protocol/errors.ts'
import {
  CALLEE_HEARS_REVOCATION,
  CALLEE_PASSES_THRU,
  CALLEE_REROUTES,
  CALLER_FORGETS,
  CALLER_PASSES_THRU,
  CALLER_SENDS_PARTS,
} from '../protocol/features.ts'
import {
  type Call as CallMessage,
  type Cancel,
  type ErrorMessage,
  errorFor,
  INVOCATION,
  NO_DETAILS,
  REGISTERED,
  RESULT,
  type Register,
  shapeOf,
  UNREGISTERED,
  type Unregister,
  YIELD,
  type Yield,
} from '../protocol/messages.ts'
import { passthruOf } from '../protocol/passthru.ts'
import type { Dict } from '../protocol/payload.ts'
import { Traffic } from '../traffic/traffic.ts'
import { callError, refusal } from './answers.ts'
import { Call, type CallEnds } from './call.ts'
import type { CallEvent } from './call-table.ts'
import { termsOf } from './call-terms.ts'
import { type CallLoad, Calls, canCancel } from './calls.ts'
import { RPC_DEFAULTS, type RpcLimits, type RpcOptions } from './options.ts'
import { type RegisterTerms, registerTermsOf } from './register-terms.ts'
import { type Endpoint, type Registration, Registrations } from './registrations.ts'

/** Hears what becomes of registrations, in the order of the meta API's events. */
export interface RegistrationWatcher {
  created(session: Peer, registration: Registration): void
  registered(session: Peer, registration: Registration): void
  unregistered(session: Peer, registration: Registration): void
  deleted(session: Peer, registration: Registration): void
}

/** What a dealer takes from outside; what is left out is as usual. */
export interface DealerSurroundings {
  readonly clock?: Clock
  /** From 0 up to, but not, 1. */
  readonly random?: () => number
  readonly watcher?: RegistrationWatcher
  readonly options?: RpcOptions
  /** Where the payloads that it keeps are counted. */
  readonly backlog?: Backlog
  /** Where it is noted how long calls took; its watch sees them. */
  readonly traffic?: Traffic
  /** The name of the realm, for the watch. */
  readonly realm?: string
}

/** Bytes of payloads that may be kept for the calls of a session. */
const MAX_KEPT = 64 << 20

/** What the modes of a CANCEL are to a call, but for `kill` (WAMP, "Call Canceling"). */
const CANCEL_MODES = new Map<unknown, CallEvent>([
  ['skip', 'CANCEL skip'],
  ['killnowait', 'CANCEL killnowait'],
])

/** RESULT.Details of a progressive result. */
const PROGRESS: Dict = Object.freeze({ progress: true })

/**
 * Routes the calls of a realm. What comes here is allowed and its URIs are sound: the realm has
 * seen to that. Everything happens at once; answers and invocations leave through the peers. Every
 * call is answered once, whatever becomes of its ends.
 */
export class Dealer {
  readonly registrations = new Registrations()
  readonly #clock: Clock
  readonly #limits: RpcLimits
  readonly #watcher: RegistrationWatcher | null
  readonly #calls: Calls
  readonly #realm: string
  readonly #traffic: Traffic

  constructor(surroundings: DealerSurroundings = {}) {
    const { clock = systemClock, random = Math.random, watcher = null } = surroundings
    this.#clock = clock
    this.#watcher = watcher
    this.#limits = { ...RPC_DEFAULTS, ...surroundings.options }
    const { backlog = new Backlog(), realm = '', traffic = new Traffic() } = surroundings
    this.#realm = realm
    this.#traffic = traffic
    this.#calls = new Calls({ clock, random, limits: this.#limits, backlog, traffic })
  }

  /** Sets other limits, which hold for calls and registrations from here on. */
  limit(options: RpcOptions): void {
    Object.assign(this.#limits, RPC_DEFAULTS, options)
  }

  register(
    peer: Peer,
    message: Register,
    match: Match,
    disclosure: Disclosure = 'requested',
    limits: RpcLimits = this.#limits,
  ): void {
    const terms = registerTermsOf(message.options, disclosure)
    if ('refused' in terms) {
      peer.send(errorFor(message, terms.refused, terms.text))
      return
    }
    const { procedure, request } = message
    const present = this.registrations.index.get(match, procedure)
    const vacant = present === undefined || this.#vacate(present, terms, peer, limits)
    if (!vacant && !mayShare(present, terms, peer)) {
      peer.send(errorFor(message, PROCEDURE_ALREADY_EXISTS))
      return
    }
    const registration = vacant
      ? this.registrations.create(procedure, match, terms.invoke, this.#clock.now())
      : present
    this.registrations.join(endpointOf(registration, this.#calls.endsOf(peer), terms))
    peer.send({ type: REGISTERED, request, registration: registration.id })
    if (vacant) this.#watcher?.created(peer, registration)
    this.#watcher?.registered(peer, registration)
    this.#calls.drain(registration)
    for (const call of this.#calls.missing.servedBy(registration, this.registrations.index)) {
      this.#calls.found(call, registration)
    }
  }

  unregister(peer: Peer, message: Unregister): void {
    const endpoint = this.registrations.find(message.registration, peer)
    if (endpoint === undefined) {
      peer.send(errorFor(message, NO_SUCH_REGISTRATION))
      return
    }
    peer.send({ type: UNREGISTERED, request: message.request, details: null })
    this.#part(endpoint)
  }

  /**
   * Takes a session off a registration, and tells it if it announced that it wants to know (WAMP,
   * "Registration Revocation"). Calls that it has go on.
   */
  revoke(endpoint: Endpoint, reason?: string): void {
    const { peer } = endpoint.callee
    this.#part(endpoint)
    if ((peer.features & CALLEE_HEARS_REVOCATION) === 0) return
    const { id } = endpoint.registration
    const details = reason === undefined ? { registration: id } : { registration: id, reason }
    peer.send({ type: UNREGISTERED, request: 0, details })
  }

  /**
   * `disclosure` and `trustlevel` are what the caller's rule gives, `limits` what its role has. False:
   * it was refused, for `maxOpen` calls of the caller are open, or too much is kept for them. That is
   * no limit for those who have none on calls.
   */
  call(
    peer: Peer,
    message: CallMessage,
    disclosure: Disclosure = 'requested',
    trustlevel?: number,
    limits: RpcLimits = this.#limits,
    maxOpen: number = Infinity,
  ): boolean {
    const caller = this.#calls.endsOf(peer)
    const { request, options, procedure, payload } = message
    if (request > caller.highestCall) caller.highestCall = request
    else if (this.#isPart(caller, message)) return true
    if (caller.made.size >= maxOpen) {
      peer.send(errorFor(message, LIMIT_EXCEEDED, `a session may have ${maxOpen} open calls`))
      return false
    }
    if (caller.keptBytes >= MAX_KEPT && maxOpen < Infinity) {
      const text = `open calls of the session wait with over ${MAX_KEPT} bytes`
      peer.send(errorFor(message, LIMIT_EXCEEDED, text))
      return false
    }
    const terms = termsOf(options, disclosure, trustlevel, limits, peer.features)
    if ('refused' in terms) {
      peer.send(errorFor(message, terms.refused, terms.text))
      return true
    }
    const call = new Call(caller, request, procedure, terms, this.#clock.elapsed())
    const { watch } = this.#traffic
    if (watch !== null) watch.called(this.#realm, call, options)
    const registration = this.registrations.index.best(procedure)
    if (registration === undefined) this.#calls.miss(call, payload)
    else this.#calls.place(call, registration, payload)
    return true
  }

  /**
   * Whether a CALL that is not for a callee, as it may not be or the router itself answers it, is
   * to be answered. It is not if it comes late, as a part of a call that is over. If it is a part
   * of one that runs, that one ends without an answer of its own.
   */
  isToBeAnswered(peer: Peer, message: CallMessage): boolean {
    const caller = this.#calls.endsOf(peer)
    const { request } = message
    const open = caller.made.get(request)
    if (open !== undefined) {
      checkPart(open, message)
      this.#calls.happen(open, 'CALL, further part, not allowed', null)
      return true
    }
    if (request <= caller.highestCall) return (peer.features & CALLER_SENDS_PARTS) === 0
    caller.highestCall = request
    return true
  }

  cancel(caller: Peer, message: Cancel): void {
    const call = this.#calls.known(caller)?.made.get(message.request)
    // It may have crossed the answer (WAMP, "Call Canceling"): then there is nothing to do.
    if (call === undefined) return
    // Some clients send an empty mode for none.
    const mode = message.options.mode || 'killnowait'
    if (mode === 'kill') {
      const kill = canCancel(call) ? 'CANCEL kill' : 'CANCEL kill, callee cannot be interrupted'
      this.#calls.happen(call, kill, null)
      return
    }
    const event = CANCEL_MODES.get(mode)
    const forgets = (caller.features & CALLER_FORGETS) !== 0
    if (event !== undefined) this.#calls.happen(call, event, null, undefined, forgets)
    else this.#calls.happen(call, 'CANCEL, no such mode', null, 'there is no such mode', forgets)
  }

  yield(callee: Peer, message: Yield): void {
    const call = this.#answered(callee, message.request, 'YIELD')
    if (call === undefined) return
    const { options, payload } = message
    const { request } = call
    if (options === NO_DETAILS) {
      this.#calls.happen(call, 'YIELD', { type: RESULT, request, details: NO_DETAILS, payload })
      return
    }
    const isProgress = options.progress === true
    if (isProgress && !this.#takesProgress(call)) return
    const passthru = this.#passthru(call, callee, options)
    if (passthru === null) {
      const event = isProgress ? 'payload cannot be delivered' : 'YIELD'
      this.#calls.happen(call, event, refusal(call, FEATURE_NOT_SUPPORTED, NO_PASSTHRU))
      return
    }
    const details = isProgress ? progressWith(passthru) : passthru
    const event = isProgress ? 'YIELD, progress' : 'YIELD'
    this.#calls.happen(call, event, { type: RESULT, request, details, payload })
  }

  /** ERROR from a callee. */
  error(callee: Peer, message: ErrorMessage): void {
    if (message.requestType !== INVOCATION) {
      throw new ProtocolViolation('ERROR: the request type is not that of INVOCATION (68)')
    }
    const call = this.#answered(callee, message.request, 'ERROR')
    if (call === undefined) return
    const { error, payload } = message
    if (error === UNAVAILABLE && (callee.features & CALLEE_REROUTES) !== 0) {
      this.#calls.reroute(call)
      return
    }
    const passthru = this.#passthru(call, callee, message.details)
    const answer =
      passthru === null
        ? refusal(call, FEATURE_NOT_SUPPORTED, NO_PASSTHRU)
        : callError(call, error, payload, passthru)
    this.#calls.happen(call, 'ERROR', answer)
  }

  /** Ends the call that a callee answers: its answer may not go to the caller. */
  withhold(callee: Peer, message: Yield | ErrorMessage, error: string, text: string): void {
    const isProgress = message.type === YIELD && message.options.progress === true
    const call = this.#answered(callee, message.request, shapeOf(message.type)?.name as string)
    if (call === undefined) return
    // A callee that has more to say is told to stop.
    const event = isProgress ? 'payload cannot be delivered' : 'YIELD'
    this.#calls.happen(call, event, refusal(call, error, text))
  }

  /** How many calls are not answered yet. */
  get open(): number {
    return this.#calls.open
  }

  /** What is open now, looked up call by call. */
  get load(): CallLoad {
    return this.#calls.load
  }

  /** True of a call that is not over: more parts of it may come. */
  isOpen(caller: Peer, request: number): boolean {
    return this.#calls.known(caller)?.made.has(request) ?? false
  }

  /** Bytes of payloads that are kept for the calls of a peer. */
  keptBytes(caller: Peer): number {
    return this.#calls.known(caller)?.keptBytes ?? 0
  }

  /** True of a peer that waits for answers, or owes some. */
  isBusy(peer: Peer): boolean {
    return (this.#calls.known(peer)?.made.size ?? 0) > 0 || this.isAnswering(peer)
  }

  /** True of a peer that owes answers. */
  isAnswering(peer: Peer): boolean {
    return (this.#calls.known(peer)?.taken.size ?? 0) > 0
  }

  /** True of a peer that has registered something. */
  isCallee(peer: Peer): boolean {
    return this.registrations.holds(peer)
  }

  /** The session is over: its calls end, on whichever side of them it was. */
  leave(peer: Peer): void {
    // Else it would be told that those have gone whose calls it waits for: itself.
    this.#calls.withdraw(peer)
    for (const endpoint of this.registrations.heldBy(peer)) this.#part(endpoint)
    this.#calls.leave(peer)
  }

  /** Takes those off a registration whose place a session may take; false where it may not. */
  #vacate(
    { invoke, endpoints }: Registration,
    terms: RegisterTerms,
    peer: Peer,
    { takeover, force_reregister }: RpcLimits,
  ): boolean {
    const takesOver = takeover === 'registrations' && invoke === 'single'
    const mayReplace = ({ callee }: Endpoint) => {
      if (callee.peer.authid !== peer.authid) return terms.force && force_reregister
      return terms.force || (takesOver && callee.peer !== peer)
    }
    if (!endpoints.every(mayReplace)) return false
    for (const endpoint of [...endpoints]) this.revoke(endpoint, REPLACED)
    return true
  }

  #part(endpoint: Endpoint): void {
    const { registration, callee } = endpoint
    this.registrations.part(endpoint)
    this.#watcher?.unregistered(callee.peer, registration)
    if (registration.endpoints.length > 0) return
    this.#watcher?.deleted(callee.peer, registration)
    this.#calls.abandon(registration)
  }

  /**
   * Sees to a CALL whose request is not the highest so far: a part of a progressive call, or what
   * comes late of one that is over, which is dropped (WAMP, "Progressive Call Invocations").
   * Callers that do not send parts may number their calls as they like. False for a new call.
   */
  #isPart(caller: CallEnds, message: CallMessage): boolean {
    const call = caller.made.get(message.request)
    if (call === undefined) return (caller.peer.features & CALLER_SENDS_PARTS) !== 0
    checkPart(call, message)
    call.moreParts = message.options.progress === true
    this.#calls.sendPart(call, message.payload)
    return true
  }

  /** The open call that a callee answers; undefined where it is over, and the answer is late. */
  #answered(callee: Peer, invocation: number, name: string): Call | undefined {
    const ends = this.#calls.known(callee)
    const call = ends?.taken.get(invocation)
    if (call === undefined && invocation > (ends?.lastInvocation ?? 0)) {
      throw new ProtocolViolation(`${name}: there was no invocation ${invocation}`)
    }
    return call
  }

  /** True where the caller wants to hear of progress; the call cannot change hands any more. */
  #takesProgress(call: Call): boolean {
    if (!call.terms.receiveProgress) return false
    call.kept = null
    this.#calls.restartTimer(call)
    return true
  }

  /** What an answer says of its payload; null where the caller could not read that. */
  #passthru(call: Call, callee: Peer, options: Dict): Dict | null {
    const passthru = options === NO_DETAILS ? null : passthruOf(options)
    if (passthru === null) return NO_DETAILS
    if ((callee.features & CALLEE_PASSES_THRU) === 0) {
      throw new ProtocolViolation('ppt_scheme, but payload_passthru_mode not announced')
    }
    return (call.caller.peer.features & CALLER_PASSES_THRU) === 0 ? null : passthru
  }
}

const NO_PASSTHRU = 'the caller knows no payload passthru mode'

/** A session may join those who share a registration: the policy is theirs, and it is new. */
function mayShare({ invoke, endpoints }: Registration, terms: RegisterTerms, peer: Peer): boolean {
  if (invoke === 'single' || invoke !== terms.invoke) return false
  return !endpoints.some(({ callee }) => callee.peer === peer)
}

function progressWith(passthru: Dict): Dict {
  return passthru === NO_DETAILS ? PROGRESS : { ...passthru, progress: true }
}

/** A CALL with the request of an open call must be a part of it. */
function checkPart(call: Call, { request, procedure }: CallMessage): void {
  if (!call.moreParts || call.procedure !== procedure) {
    throw new ProtocolViolation(`CALL: request ${request} is still open`)
  }
}

function endpointOf(
  registration: Registration,
  callee: CallEnds,
  { disclosesCaller, forwardsTimeout, concurrency }: RegisterTerms,
): Endpoint {
  return {
    registration,
    callee,
    disclosesCaller,
    forwardsTimeout,
    concurrency,
    pending: 0,
    gone: false,
  }
}
