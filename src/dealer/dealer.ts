import type { Peer } from '../delivery/outlet.ts'
import type { Match } from '../match/uri.ts'
import {
  CANCELED,
  INVALID_ARGUMENT,
  NO_SUCH_PROCEDURE,
  NO_SUCH_REGISTRATION,
  PayloadError,
  PROCEDURE_ALREADY_EXISTS,
  ProtocolViolation,
  UNTRANSLATABLE_PAYLOAD,
} from '../protocol/errors.ts'
import { CALLEE_CANCELS } from '../protocol/features.ts'
import {
  CALL,
  type Call as CallMessage,
  type Cancel,
  ERROR,
  type ErrorMessage,
  errorFor,
  INTERRUPT,
  INVOCATION,
  NO_DETAILS,
  REGISTERED,
  RESULT,
  type Register,
  type Result,
  UNREGISTERED,
  type Unregister,
  type Yield,
} from '../protocol/messages.ts'
import { NO_PAYLOAD, Payload } from '../protocol/payload.ts'
import { type Call, CallEnds, endCall, openCall } from './calls.ts'
import { Registrations } from './registrations.ts'

/**
 * How a CANCEL ends a call (WAMP, "Call Canceling"): whether the callee is interrupted, and whether
 * the caller hears at once or waits for the callee's answer.
 */
const CANCEL_MODES = new Map<unknown, { interrupt: boolean; wait: boolean }>([
  ['skip', { interrupt: false, wait: false }],
  ['killnowait', { interrupt: true, wait: false }],
  ['kill', { interrupt: true, wait: true }],
])

/**
 * Routes the calls of a realm. What comes here is allowed and its URIs are sound: the realm has
 * seen to that. Everything happens at once; answers and invocations leave through the peers. Every
 * call is answered once, whatever becomes of its ends.
 */
export class Dealer {
  readonly #registrations = new Registrations()
  readonly #ends = new Map<Peer, CallEnds>()

  register(peer: Peer, message: Register, match: Match): void {
    const registration = this.#registrations.add(peer, match, message.procedure)
    if (registration === undefined) {
      peer.send(errorFor(message, PROCEDURE_ALREADY_EXISTS))
      return
    }
    peer.send({ type: REGISTERED, request: message.request, registration: registration.id })
  }

  unregister(peer: Peer, message: Unregister): void {
    const registration = this.#registrations.get(message.registration)
    if (registration === undefined || registration.callee !== peer) {
      peer.send(errorFor(message, NO_SUCH_REGISTRATION))
      return
    }
    this.#registrations.remove(registration)
    peer.send({ type: UNREGISTERED, request: message.request })
  }

  call(peer: Peer, message: CallMessage): void {
    const { request, procedure, payload } = message
    const caller = this.#endsOf(peer)
    if (caller.made.has(request)) {
      throw new ProtocolViolation(`CALL: request ${request} is still open`)
    }
    const registration = this.#registrations.index.best(procedure)
    if (registration === undefined) {
      peer.send(errorFor(message, NO_SUCH_PROCEDURE, `nobody has registered ${procedure}`))
      return
    }
    const { id, match } = registration
    const callee = this.#endsOf(registration.callee)
    const invocation = callee.nextInvocation()
    // First send, then record: a payload that does not fit the callee's serializer throws here.
    callee.peer.send({
      type: INVOCATION,
      request: invocation,
      registration: id,
      details: match === 'exact' ? NO_DETAILS : { procedure },
      payload,
    })
    openCall({ caller, request, callee, invocation })
  }

  cancel(caller: Peer, message: Cancel): void {
    const call = this.#ends.get(caller)?.made.get(message.request)
    // It may have crossed the answer (WAMP, "Call Canceling"): then there is nothing to do.
    if (call === undefined) return
    // Some clients send an empty mode for none.
    const name = message.options.mode || 'killnowait'
    const mode = CANCEL_MODES.get(name)
    if (mode === undefined) {
      caller.send(callError(call, INVALID_ARGUMENT, text('there is no such cancel mode')))
      endCall(call)
      return
    }
    const interruptible = cancels(call.callee.peer)
    if (mode.interrupt && interruptible) interrupt(call, name as string)
    if (mode.wait && interruptible) return
    endCall(call)
    caller.send(callError(call, CANCELED, NO_PAYLOAD))
  }

  yield(callee: Peer, message: Yield): void {
    const call = this.#answered(callee, message.request, 'YIELD')
    // Progressive results are not announced: a caller must not see a call end with one.
    if (call === undefined || message.options.progress === true) return
    endCall(call)
    const { payload } = message
    answer(call, { type: RESULT, request: call.request, details: NO_DETAILS, payload })
  }

  /** ERROR from a callee. */
  error(callee: Peer, message: ErrorMessage): void {
    if (message.requestType !== INVOCATION) {
      throw new ProtocolViolation('ERROR: the request type is not that of INVOCATION (68)')
    }
    const call = this.#answered(callee, message.request, 'ERROR')
    if (call === undefined) return
    endCall(call)
    const { error, payload } = message
    answer(call, callError(call, error, payload))
  }

  /** True of a peer that waits for answers, or owes some. */
  isBusy(peer: Peer): boolean {
    return (this.#ends.get(peer)?.made.size ?? 0) > 0 || this.isAnswering(peer)
  }

  /** True of a peer that owes answers. */
  isAnswering(peer: Peer): boolean {
    return (this.#ends.get(peer)?.taken.size ?? 0) > 0
  }

  /** True of a peer that has registered something. */
  isCallee(peer: Peer): boolean {
    return this.#registrations.holds(peer)
  }

  /** The session is over: its calls end, on whichever side of them it was. */
  leave(peer: Peer): void {
    this.#registrations.removeAll(peer)
    const ends = this.#ends.get(peer)
    if (ends === undefined) return
    this.#ends.delete(peer)
    for (const call of ends.taken.values()) {
      endCall(call)
      if (call.caller === ends) continue
      call.caller.peer.send(callError(call, CANCELED, text('the callee has left')))
    }
    for (const call of ends.made.values()) {
      endCall(call)
      if (cancels(call.callee.peer)) interrupt(call, 'killnowait')
    }
  }

  /** The open call that a callee answers; undefined where it is over, and the answer is late. */
  #answered(callee: Peer, invocation: number, name: string): Call | undefined {
    const ends = this.#ends.get(callee)
    const call = ends?.taken.get(invocation)
    if (call === undefined && invocation > (ends?.lastInvocation ?? 0)) {
      throw new ProtocolViolation(`${name}: there was no invocation ${invocation}`)
    }
    return call
  }

  #endsOf(peer: Peer): CallEnds {
    let ends = this.#ends.get(peer)
    if (ends === undefined) {
      ends = new CallEnds(peer)
      this.#ends.set(peer, ends)
    }
    return ends
  }
}

/** Gives the caller its answer, or why the answer cannot be written in its serializer. */
function answer(call: Call, message: Result | ErrorMessage): void {
  try {
    call.caller.peer.send(message)
  } catch (error) {
    if (!(error instanceof PayloadError)) throw error
    call.caller.peer.send(callError(call, UNTRANSLATABLE_PAYLOAD, text(error.message)))
  }
}

function callError(call: Call, error: string, payload: Payload): ErrorMessage {
  const { request } = call
  return { type: ERROR, requestType: CALL, request, details: NO_DETAILS, error, payload }
}

/** What people read goes where clients show it: into args. */
function text(words: string): Payload {
  return Payload.of([words])
}

function cancels(callee: Peer): boolean {
  return (callee.features & CALLEE_CANCELS) !== 0
}

function interrupt(call: Call, mode: string): void {
  call.callee.peer.send({ type: INTERRUPT, request: call.invocation, options: { mode } })
}
