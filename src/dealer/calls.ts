import type { Clock } from '../base/clock.ts'
import { TimerWheel } from '../base/wheel.ts'
import type { Backlog } from '../delivery/backlog.ts'
import type { Peer } from '../delivery/outlet.ts'
import {
  NO_AVAILABLE_CALLEE,
  NO_SUCH_PROCEDURE,
  PayloadError,
  UNAVAILABLE,
} from '../protocol/errors.ts'
import { CALLEE_CANCELS, CALLEE_REROUTES } from '../protocol/features.ts'
import { type ErrorMessage, INVOCATION, RESULT, type Result } from '../protocol/messages.ts'
import type { Payload } from '../protocol/payload.ts'
import type { Traffic } from '../traffic/traffic.ts'
import { interrupt, refusal } from './answers.ts'
import { type Call, CallEnds } from './call.ts'
import { CALL_TABLE, type CallEvent, MESSAGE } from './call-table.ts'
import { detailsFor, objection, timesOutItself } from './invocation.ts'
import type { RpcLimits } from './options.ts'
import { choose } from './policies.ts'
import type { Endpoint, Registration } from './registrations.ts'
import { MissingProcedures } from './waiting.ts'

/** How many calls are open, as their callers see it, as their callees do, and without a callee. */
export interface CallLoad {
  readonly made: number
  readonly taken: number
  readonly waiting: number
}

/** What the calls of a realm need. */
interface CallsParts {
  readonly clock: Clock
  readonly random: () => number
  readonly limits: RpcLimits
  readonly backlog: Backlog
  readonly traffic: Traffic
}

/** The open calls of a realm: how they find a callee, wait for one, and end. */
export class Calls {
  readonly missing = new MissingProcedures()
  readonly #clock: Clock
  readonly #random: () => number
  readonly #limits: RpcLimits
  readonly #backlog: Backlog
  readonly #traffic: Traffic
  readonly #ends = new Map<Peer, CallEnds>()
  readonly #wheel: TimerWheel<Call>
  #open = 0

  constructor({ clock, random, limits, backlog, traffic }: CallsParts) {
    this.#clock = clock
    this.#random = random
    this.#limits = limits
    this.#backlog = backlog
    this.#traffic = traffic
    this.#wheel = new TimerWheel(clock, call => this.#expire(call))
  }

  /** The calls of a session; undefined where it never had any. */
  known(peer: Peer): CallEnds | undefined {
    return this.#ends.get(peer)
  }

  endsOf(peer: Peer): CallEnds {
    let ends = this.#ends.get(peer)
    if (ends === undefined) {
      ends = new CallEnds(peer)
      this.#ends.set(peer, ends)
    }
    return ends
  }

  /** How many are not answered yet. */
  get open(): number {
    return this.#open
  }

  get load(): CallLoad {
    let [made, taken, waiting] = [0, 0, 0]
    for (const ends of this.#ends.values()) {
      made += ends.made.size
      taken += ends.taken.size
      for (const { state } of ends.made.values()) if (state === 'waiting') waiting++
    }
    return { made, taken, waiting }
  }

  /** A new call goes to an endpoint of a registration, or waits until one is free. */
  place(call: Call, registration: Registration, payload: Payload): void {
    const endpoint = choose(registration, null, call.caller.peer, this.#random)
    if (endpoint !== undefined) this.#invoke(call, endpoint, payload)
    else if (call.terms.parts || (registration.queue?.size ?? 0) >= this.#limits.queue_limit) {
      this.refuse(call, NO_AVAILABLE_CALLEE, 'the callee has as many calls as it takes')
    } else {
      registration.queue ??= new Set()
      registration.queue.add(call)
      call.queued = registration
      this.#wait(call, payload, this.#limits.queue_timeout)
    }
  }

  /** A new call whose procedure nobody has registered: it waits if it asked to, and may. */
  miss(call: Call, payload: Payload): void {
    const { wait, parts } = call.terms
    if (wait === 0 || parts || this.missing.size >= this.#limits.queue_limit) {
      this.refuse(call, NO_SUCH_PROCEDURE, `nobody has registered ${call.procedure}`)
      return
    }
    this.missing.add(call)
    this.#wait(call, payload, wait)
  }

  /** A call that was missing its procedure has it now. */
  found(call: Call, registration: Registration): void {
    this.missing.delete(call)
    this.place(call, registration, call.kept as Payload)
  }

  /** The endpoints of a registration may have room for calls that wait. */
  drain(registration: Registration): void {
    const { queue, invoke } = registration
    if (queue === null) return
    for (const call of queue) {
      const endpoint = choose(registration, null, call.caller.peer, this.#random)
      if (endpoint !== undefined) {
        queue.delete(call)
        call.queued = null
        this.#invoke(call, endpoint, call.kept as Payload)
      } else if (invoke !== '_sticky') return
    }
  }

  /** A registration is gone, and what waited for it waits in vain. */
  abandon(registration: Registration): void {
    for (const call of registration.queue ?? []) {
      this.refuse(call, NO_AVAILABLE_CALLEE, 'the callee has gone')
    }
  }

  /** A call that its callee is not available for goes to another one, each at most once. */
  reroute(call: Call): void {
    const endpoint = call.endpoint as Endpoint
    this.happen(call, 'ERROR unavailable, rerouted', null)
    if (call.state !== 'waiting') return
    unseat(call, endpoint)
    call.endpoint = null
    const next = this.#other(call, endpoint)
    if (next === undefined || call.kept === null) {
      this.refuse(call, NO_AVAILABLE_CALLEE, 'no callee is available')
    } else this.#invoke(call, next, call.kept)
    this.drain(endpoint.registration)
  }

  /** Another callee for a call that one could not take, each at most once. */
  #other(call: Call, endpoint: Endpoint): Endpoint | undefined {
    call.tried ??= new Set()
    call.tried.add(endpoint)
    return choose(endpoint.registration, call.tried, call.caller.peer, this.#random)
  }

  /** A further part goes to the callee that has the call, unless that was told to stop. */
  sendPart(call: Call, payload: Payload): void {
    if (call.state !== 'running') return
    const { callee, registration } = call.endpoint as Endpoint
    const { invocation: request, details, moreParts } = call
    try {
      callee.peer.send({
        type: INVOCATION,
        request,
        registration: registration.id,
        details: moreParts ? { ...details, progress: true } : details,
        payload,
      })
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error
      const problem = refusal(call, error.uri, error.message)
      this.happen(call, 'payload cannot be delivered', problem)
    }
  }

  /** The time of a call begins anew. */
  restartTimer(call: Call): void {
    if (call.timer === null) return
    this.#wheel.clear(call.timer)
    call.timer = this.#wheel.set(call, call.terms.timeout)
  }

  refuse(call: Call, error: string, text: string): void {
    this.happen(call, 'no callee takes it', refusal(call, error, text))
  }

  /**
   * Takes a call through a row of the table. `message` is what the caller hears where the row says
   * so; `text` goes with the router's own errors; `deaf` callers are told nothing.
   */
  happen(
    call: Call,
    event: CallEvent,
    message: Result | ErrorMessage | null,
    text?: string,
    deaf = false,
  ): void {
    if (call.state === 'over') return
    const step = CALL_TABLE[call.state][event]
    if (step === undefined) return
    const { endpoint } = call
    const answer = step.caller === MESSAGE ? message : ownAnswer(call, step.caller, text)
    if (step.next === 'over') this.#end(call, answer)
    else call.state = step.next
    if (step.interrupt !== null && canCancel(call)) interrupt(call, step.interrupt)
    if (!deaf && answer !== null) this.#answer(call, answer)
    if (step.next === 'over' && endpoint !== null) this.drain(endpoint.registration)
  }

  /** Ends the calls of a session that no callee has. */
  withdraw(peer: Peer): void {
    for (const call of this.#ends.get(peer)?.made.values() ?? []) {
      if (call.state === 'waiting') this.happen(call, 'caller leaves', null)
    }
  }

  /** The session is over: its calls end, on whichever side of them it was. */
  leave(peer: Peer): void {
    const ends = this.#ends.get(peer)
    if (ends === undefined) return
    this.#ends.delete(peer)
    for (const call of ends.taken.values()) {
      if (call.caller === ends) this.#end(call, null)
      else this.happen(call, 'callee leaves', null, 'the callee has left')
    }
    for (const call of ends.made.values()) this.happen(call, 'caller leaves', null)
  }

  /** Sends the INVOCATION and takes note of the call at both its ends. */
  #invoke(call: Call, endpoint: Endpoint, payload: Payload): void {
    const { terms } = call
    const { callee, registration } = endpoint
    const refused = terms.isPlain ? undefined : objection(endpoint, terms)
    if (refused !== undefined) {
      this.refuse(call, refused.refused, refused.text)
      return
    }
    const invocation = callee.nextInvocation()
    call.details = detailsFor(endpoint, call)
    const { watch } = this.#traffic
    if (watch !== null) call.details = watch.invoking(call, callee.peer, call.details)
    try {
      callee.peer.send({
        type: INVOCATION,
        request: invocation,
        registration: registration.id,
        details: call.moreParts ? { ...call.details, progress: true } : call.details,
        payload,
      })
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error
      const next = error.uri === UNAVAILABLE ? this.#other(call, endpoint) : undefined
      if (next === undefined) this.refuse(call, error.uri, error.message)
      else this.#invoke(call, next, payload)
      return
    }
    callee.lastInvocation = invocation
    callee.taken.set(invocation, call)
    this.#note(call)
    endpoint.pending++
    call.state = 'running'
    call.endpoint = endpoint
    call.invocation = invocation
    if (this.#mayReroute(call, endpoint)) this.#keep(call, payload)
    else if (call.kept !== null) this.#letGo(call)
    if (terms.timeout > 0 || call.timer !== null) this.#startTimer(call, endpoint)
  }

  /** It is open from here on, if it is not already. */
  #note(call: Call): void {
    const { made } = call.caller
    const before = made.size
    made.set(call.request, call)
    this.#open += made.size - before
  }

  #keep(call: Call, payload: Payload): void {
    if (call.kept !== null) return
    call.kept = payload.keep()
    this.#count(call, payload.size)
  }

  #letGo(call: Call): void {
    call.kept = null
    this.#count(call, 0)
  }

  /** So many bytes are kept for a call now. */
  #count(call: Call, bytes: number): void {
    const more = bytes - call.keptBytes
    call.keptBytes = bytes
    call.caller.keptBytes += more
    this.#backlog.add(more)
  }

  #mayReroute({ moreParts }: Call, { callee, registration }: Endpoint): boolean {
    if (registration.endpoints.length === 1 || moreParts) return false
    return (callee.peer.features & CALLEE_REROUTES) !== 0
  }

  #startTimer(call: Call, endpoint: Endpoint): void {
    if (call.timer !== null) this.#wheel.clear(call.timer)
    call.timer = null
    const { timeout } = call.terms
    if (timeout === 0 || timesOutItself(endpoint)) return
    call.timer = this.#wheel.set(call, this.#left(call))
  }

  /** What is left of the timeout of a call. Milliseconds. */
  #left({ since, terms }: Call): number {
    return Math.max(since + terms.timeout - this.#clock.elapsed(), 0)
  }

  /** Keeps a call that no callee has yet. */
  #wait(call: Call, payload: Payload, time: number): void {
    const { terms } = call
    this.#note(call)
    this.#keep(call, payload)
    if (call.timer !== null) this.#wheel.clear(call.timer)
    const left = terms.timeout === 0 ? time : Math.min(time, this.#left(call))
    call.timer = this.#wheel.set(call, left)
  }

  #expire(call: Call): void {
    call.timer = null
    const { timeout } = call.terms
    const isOver = timeout > 0 && this.#left(call) === 0
    if (call.state !== 'waiting' || isOver) this.happen(call, 'timeout', null, TOO_LONG)
    else if (call.queued !== null) {
      this.refuse(
        call,
        NO_AVAILABLE_CALLEE,
        'the callee had as many calls as it takes for too long',
      )
    } else this.refuse(call, NO_SUCH_PROCEDURE, `nobody has registered ${call.procedure} in time`)
  }

  /** Gives the caller a message, or why it cannot be written in its serializer. */
  #answer(call: Call, message: Result | ErrorMessage): void {
    const { peer } = call.caller
    try {
      peer.send(message)
      if (call.state === 'over') this.#time(call, message)
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error
      const problem = refusal(call, error.uri, error.message)
      if (call.state === 'over') {
        peer.send(problem)
        this.#time(call, problem)
      } else this.happen(call, 'payload cannot be delivered', problem)
    }
  }

  /** A call was answered for good. */
  #time({ since }: Call, { type }: Result | ErrorMessage): void {
    const { results, errors } = this.#traffic
    const seconds = (this.#clock.elapsed() - since) / 1000
    if (type === RESULT) results.observe(seconds)
    else errors.observe(seconds)
  }

  /** Forgets a call wherever it is noted. */
  #end(call: Call, answer: Result | ErrorMessage | null): void {
    call.state = 'over'
    const { watch } = this.#traffic
    if (watch !== null) watch.ended(call, answer)
    if (call.caller.made.delete(call.request)) this.#open--
    if (call.endpoint !== null) unseat(call, call.endpoint)
    else {
      call.queued?.queue?.delete(call)
      this.missing.delete(call)
    }
    if (call.timer !== null) this.#wheel.clear(call.timer)
    if (call.kept !== null) this.#letGo(call)
  }
}

/** What the router itself tells the caller of the end of a call, if anything. */
function ownAnswer(call: Call, error: string | null, text?: string): ErrorMessage | null {
  return error === null ? null : refusal(call, error, text)
}

const TOO_LONG = 'the call took too long'

/** The callee of a call can be interrupted. */
export function canCancel({ endpoint }: Call): boolean {
  return endpoint !== null && (endpoint.callee.peer.features & CALLEE_CANCELS) !== 0
}

/** A callee does not have a call any more. */
function unseat(call: Call, endpoint: Endpoint): void {
  endpoint.callee.taken.delete(call.invocation)
  endpoint.pending--
}
