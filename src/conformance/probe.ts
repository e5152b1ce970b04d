import {
  ABORT,
  CALL,
  ERROR,
  type ErrorMessage,
  EVENT,
  type EventMessage,
  GOODBYE,
  HELLO,
  INVOCATION,
  type Invocation,
  type Message,
  NO_DETAILS,
  PUBLISH,
  PUBLISHED,
  REGISTER,
  REGISTERED,
  RESULT,
  type Result,
  SUBSCRIBE,
  SUBSCRIBED,
  shapeOf,
  type Welcome,
  YIELD,
} from '../protocol/messages.ts'
import { type Dict, NO_PAYLOAD, Payload } from '../protocol/payload.ts'
import { enter, type JoinOptions } from '../remote/join.ts'
import { RemoteError } from '../remote/remote-error.ts'
import type { Wire } from '../remote/wire.ts'
import { Deviation, hold, Unproven } from './check.ts'

/** How long is waited. Milliseconds. */
export interface Pace {
  /** A router may take so long to do something. */
  readonly patience: number
  /** Nothing must come for so long where nothing may. */
  readonly silence: number
}

const CALLING = {
  call_canceling: true,
  call_timeout: true,
  caller_identification: true,
  payload_passthru_mode: true,
  progressive_call_results: true,
}

/** All that a client can announce: a router must not hold back because of what a client cannot do. */
export const ROLES: Dict = {
  publisher: {
    features: {
      publisher_exclusion: true,
      publisher_identification: true,
      subscriber_blackwhite_listing: true,
      payload_passthru_mode: true,
    },
  },
  subscriber: {
    features: {
      event_history: true,
      pattern_based_subscription: true,
      payload_passthru_mode: true,
      publication_trustlevels: true,
      publisher_identification: true,
      subscription_revocation: true,
    },
  },
  caller: { features: CALLING },
  callee: {
    features: {
      call_canceling: true,
      call_reroute: true,
      call_trustlevels: true,
      caller_identification: true,
      pattern_based_registration: true,
      payload_passthru_mode: true,
      progressive_call_results: true,
      progressive_call_invocations: true,
      registration_revocation: true,
      shared_registration: true,
    },
  },
}

/** The same for a caller that sends its calls in parts, whose requests must count up. */
export const SENDS_PARTS: Dict = {
  ...ROLES,
  caller: { features: { ...CALLING, progressive_call_invocations: true } },
}

/** A HELLO that is not meant to let in. */
export function helloFor(realm: string): Message {
  return { type: HELLO, realm, details: { roles: ROLES } }
}

type OfType<Type> = Extract<Message, { type: Type }>

/** A session that checks look at a router with, message by message. */
export class Probe {
  readonly wire: Wire
  readonly welcome: Welcome
  readonly #pace: Pace
  #lastRequest = 0
  /** What came while something else was waited for. */
  #aside: Message[] = []

  private constructor(wire: Wire, welcome: Welcome, pace: Pace) {
    this.wire = wire
    this.#pace = pace
    this.welcome = welcome
  }

  static async join(wire: Wire, roles: Dict, options: JoinOptions, pace: Pace): Promise<Probe> {
    return new Probe(wire, await enter(wire, roles, options), pace)
  }

  get session(): number {
    return this.welcome.session
  }

  /** Requests count 1, 2, 3 … (WAMP, "Identifiers"). */
  next(): number {
    return ++this.#lastRequest
  }

  send(message: Message): void {
    this.wire.send(message)
  }

  /** The answer to a request, whatever else comes. */
  async answer(request: number, timeout: number = this.#pace.patience): Promise<Message> {
    return this.#take(
      message => isAnswer(message) && (message as { request: number }).request === request,
      'an answer',
      timeout,
    )
  }

  /** The next message of a type. */
  async take<Type extends Message['type']>(
    type: Type,
    timeout: number = this.#pace.patience,
  ): Promise<OfType<Type>> {
    const name = shapeOf(type)?.name ?? String(type)
    const found = await this.#take(message => message.type === type, name, timeout)
    return found as OfType<Type>
  }

  /** Rejects with a Deviation where something comes that is not an answer to a request. */
  async silence(what: string, time: number = this.#pace.silence): Promise<void> {
    const [early] = this.#aside
    if (early !== undefined) throw new Deviation(`${what}: ${nameOf(early)} came`)
    let message: Message
    try {
      message = await this.wire.receive(time)
    } catch (error) {
      if (error instanceof RemoteError && error.fault === 'timeout') return
      throw error
    }
    throw new Deviation(`${what}: ${nameOf(message)} came`)
  }

  /** Subscribes, and gives the id. */
  async subscribe(topic: string, options: Dict = NO_DETAILS): Promise<number> {
    const request = this.next()
    this.send({ type: SUBSCRIBE, request, options, topic })
    const answer = await this.#granted(request, SUBSCRIBED, topic)
    return answer.subscription
  }

  /** Publishes with an acknowledgement, and gives the id. */
  async publish(topic: string, options: Dict = NO_DETAILS, payload = NO_PAYLOAD): Promise<number> {
    const request = this.next()
    this.send({
      type: PUBLISH,
      request,
      options: { acknowledge: true, ...options },
      topic,
      payload,
    })
    const answer = await this.#granted(request, PUBLISHED, topic)
    return answer.publication
  }

  /** Registers, and gives the id. */
  async register(procedure: string, options: Dict = NO_DETAILS): Promise<number> {
    const request = this.next()
    this.send({ type: REGISTER, request, options, procedure })
    const answer = await this.#granted(request, REGISTERED, procedure)
    return answer.registration
  }

  /** Begins a call, and gives its request. */
  call(procedure: string, options: Dict = NO_DETAILS, payload = NO_PAYLOAD): number {
    const request = this.next()
    this.send({ type: CALL, request, options, procedure, payload })
    return request
  }

  /** Calls, and gives the result's args. Rejects where there is none. */
  async result(procedure: string, args: unknown[] = [], options: Dict = NO_DETAILS) {
    const request = this.call(procedure, options, Payload.of(args))
    const answer = await this.#granted(request, RESULT, procedure)
    return answer.payload.open().args ?? []
  }

  /** Has every invocation from now on answered as it comes; nothing else can be waited for then. */
  serve(answer: (invocation: Invocation) => void): void {
    this.wire.onMessage(message => {
      if (message.type === INVOCATION) answer(message)
    })
  }

  /** Answers an invocation. */
  yield(invocation: Invocation, args: unknown[] = [], options: Dict = NO_DETAILS): void {
    const { request } = invocation
    this.send({ type: YIELD, request, options, payload: Payload.of(args) })
  }

  /** Fails an invocation. */
  fail(invocation: Invocation, error: string, args: unknown[] = []): void {
    const { request } = invocation
    const payload = Payload.of(args)
    this.send({
      type: ERROR,
      requestType: INVOCATION,
      request,
      details: NO_DETAILS,
      error,
      payload,
    })
  }

  event(timeout?: number): Promise<EventMessage> {
    return this.take(EVENT, timeout)
  }

  invocation(timeout?: number): Promise<Invocation> {
    return this.take(INVOCATION, timeout)
  }

  /** The ERROR that answers a request, with this URI or one of these. */
  async refusal(request: number, ...uris: string[]): Promise<ErrorMessage> {
    const answer = await this.answer(request)
    hold(answer.type === ERROR, `${nameOf(answer)} came where ERROR ${uris[0]} should`)
    const text = `ERROR ${answer.error} came where ${uris[0]} should`
    hold(uris.length === 0 || uris.includes(answer.error), text)
    return answer
  }

  async #granted<Type extends Message['type']>(
    request: number,
    type: Type,
    uri: string,
  ): Promise<OfType<Type>> {
    const answer = await this.answer(request)
    if (answer.type === type) return answer as OfType<Type>
    if (answer.type !== ERROR) {
      throw new Deviation(`${uri}: ${nameOf(answer)} came where ${shapeOf(type)?.name} should`)
    }
    // Who may not do it proves nothing.
    if (FORBIDDEN.includes(answer.error))
      throw new Unproven(`we may not, for ${uri}: ${answer.error}`)
    throw new Deviation(`${uri}: ERROR ${answer.error} came where ${shapeOf(type)?.name} should`)
  }

  async #take(
    isMeant: (message: Message) => boolean,
    what: string,
    timeout: number,
  ): Promise<Message> {
    const at = this.#aside.findIndex(isMeant)
    if (at >= 0) return this.#aside.splice(at, 1)[0] as Message
    const until = performance.now() + timeout
    for (;;) {
      let message: Message
      try {
        message = await this.wire.receive(Math.max(1, until - performance.now()))
      } catch (error) {
        if (error instanceof RemoteError && error.fault === 'timeout') {
          throw new Deviation(`${what} did not come within ${timeout} ms`)
        }
        throw error
      }
      if (isMeant(message)) return message
      if (message.type === ABORT || message.type === GOODBYE) {
        throw new Deviation(`${nameOf(message)} ${message.reason} came, not ${what}`)
      }
      this.#aside.push(message)
    }
  }
}

const FORBIDDEN = ['wamp.error.not_authorized', 'wamp.error.authorization_failed']

const ANSWERS = [
  ...['PUBLISHED', 'SUBSCRIBED', 'UNSUBSCRIBED', 'REGISTERED', 'UNREGISTERED', 'RESULT', 'ERROR'],
]

function isAnswer(message: Message): boolean {
  return ANSWERS.includes(nameOf(message))
}

export function nameOf({ type }: Message): string {
  return shapeOf(type)?.name ?? `message ${type}`
}

/** The args of a message that has a payload. */
export function argsOf({ payload }: EventMessage | Invocation | Result | ErrorMessage): unknown[] {
  return payload.open().args ?? []
}
