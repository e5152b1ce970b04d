import { CLOSE_REALM, GOODBYE_AND_OUT, WampError } from '../protocol/errors.ts'
import {
  ABORT,
  type Abort,
  CALL,
  CANCEL,
  ERROR,
  type ErrorMessage,
  EVENT,
  type EventMessage,
  GOODBYE,
  type Goodbye,
  INTERRUPT,
  INVOCATION,
  type Message,
  NO_DETAILS,
  PUBLISH,
  type Published,
  REGISTER,
  RESULT,
  type Registered,
  type Request,
  type Result,
  SUBSCRIBE,
  type Subscribed,
  UNREGISTER,
  UNREGISTERED,
  UNSUBSCRIBE,
  UNSUBSCRIBED,
  type Welcome,
} from '../protocol/messages.ts'
import { type Dict, Payload } from '../protocol/payload.ts'
import { type CallHandler, Invocations } from './invocations.ts'
import { RemoteError, wordsOf } from './remote-error.ts'
import type { Wire } from './wire.ts'

/** What a message carries. */
export interface Values {
  readonly args: unknown[]
  readonly kwargs: Dict
  readonly details: Dict
}

export interface Event extends Values {
  readonly topic: string
  readonly publication: number
}

export interface CallOptions {
  /** Options of CALL. */
  readonly options?: Dict
  /** Hears progressive results, which are asked for then. */
  readonly onProgress?: (values: Values) => void
  /** Aborting it cancels the call, which ends with the router's answer to that. */
  readonly signal?: AbortSignal
  /** Milliseconds until the call is cancelled from here, and rejects: default none. */
  readonly timeout?: number
}

/** Holds on to a subscription or registration. */
export interface Held {
  /** Gives it up. */
  end(): Promise<void>
  /** Resolves with the reason when the router takes it away. */
  readonly revoked: Promise<string>
}

/** How long the answer to CANCEL and GOODBYE may take: ms. */
const LAST_TIME = 2000

interface Pending {
  take(message: Message): void
  reject(error: Error): void
}

interface Subscription {
  readonly topic: string
  hear(event: Event): void
  revoke(reason: string): void
}

/** A session of a client. Requests that the router refuses reject with a WampError, all others with a RemoteError. */
export class Session {
  readonly id: number
  /** Of WELCOME. */
  readonly details: Dict
  /** Resolves with the reason when the session is over. */
  readonly ended: Promise<RemoteError>
  readonly #wire: Wire
  readonly #timeout: number
  readonly #pending = new Map<string, Pending>()
  readonly #subscriptions = new Map<number, Subscription>()
  readonly #invocations: Invocations
  #lastRequest = 0
  #failure: RemoteError | undefined
  #onEnded: (error: RemoteError) => void = () => {}

  constructor(wire: Wire, { session, details }: Welcome, timeout: number) {
    this.id = session
    this.details = details
    this.#wire = wire
    this.#timeout = timeout
    this.#invocations = new Invocations(wire)
    this.ended = new Promise(resolve => {
      this.#onEnded = resolve
    })
    void wire.closed.then(() => this.#end(wire.failure as RemoteError))
    wire.onMessage(message => this.#take(message))
  }

  /** Calls a procedure; resolves with its result. */
  async call(
    procedure: string,
    args: unknown[] = [],
    kwargs: Dict = {},
    { options = {}, onProgress, signal, timeout }: CallOptions = {},
  ): Promise<Values> {
    signal?.throwIfAborted()
    const request = this.#next
    const key = keyOf(CALL, request)
    const wanted = onProgress === undefined ? {} : { receive_progress: true }
    const payload = payloadOf(args, kwargs)
    const outcome = new Promise<Values>((resolve, reject) => {
      const take = (message: Message) => {
        const { details, payload } = message as Result
        const values = valuesIn(payload, details)
        if (details.progress === true) return onProgress?.(values)
        this.#pending.delete(key)
        return resolve(values)
      }
      this.#post({ type: CALL, request, options: { ...wanted, ...options }, procedure, payload })
      this.#pending.set(key, { take, reject })
    })
    const timers: NodeJS.Timeout[] = []
    const cancel = () => {
      if (!this.#pending.has(key) || this.#wire.failure !== undefined) return
      this.#post({ type: CANCEL, request, options: { mode: 'killnowait' } })
      timers.push(setTimeout(() => this.#giveUp(key), LAST_TIME))
    }
    const giveUp = () => {
      cancel()
      this.#giveUp(key)
    }
    if (timeout !== undefined) timers.push(setTimeout(giveUp, timeout))
    signal?.addEventListener('abort', cancel)
    try {
      return await outcome
    } finally {
      for (const timer of timers) clearTimeout(timer)
      signal?.removeEventListener('abort', cancel)
    }
  }

  /** Publishes; resolves with the publication's id where `acknowledge` is among the options. */
  async publish(
    topic: string,
    args: unknown[] = [],
    kwargs: Dict = {},
    options: Dict = NO_DETAILS,
  ): Promise<number | undefined> {
    const payload = payloadOf(args, kwargs)
    const message = { type: PUBLISH, request: this.#next, options, topic, payload } as const
    if (options.acknowledge === true)
      return ((await this.#request(message)) as Published).publication
    this.#post(message)
    return undefined
  }

  /** Subscribes; resolves when the subscription stands. */
  async subscribe(
    topic: string,
    hear: (event: Event) => void,
    options: Dict = NO_DETAILS,
  ): Promise<Held> {
    const held = resolvers<string>()
    const message = { type: SUBSCRIBE, request: this.#next, options, topic } as const
    const answer = await this.#request(message, answer => {
      const { subscription } = answer as Subscribed
      this.#subscriptions.set(subscription, { topic, hear, revoke: held.resolve })
    })
    const { subscription } = answer as Subscribed
    const end = async () => {
      await this.#request({ type: UNSUBSCRIBE, request: this.#next, subscription })
      this.#subscriptions.delete(subscription)
    }
    return { end, revoked: held.promise }
  }

  /** Registers a procedure; resolves when calls reach the handler. */
  async register(
    procedure: string,
    handle: CallHandler,
    options: Dict = NO_DETAILS,
  ): Promise<Held> {
    const held = resolvers<string>()
    const message = { type: REGISTER, request: this.#next, options, procedure } as const
    const answer = await this.#request(message, answer => {
      const { registration } = answer as Registered
      this.#invocations.serve(registration, { procedure, handle, revoke: held.resolve })
    })
    const { registration } = answer as Registered
    const end = async () => {
      await this.#request({ type: UNREGISTER, request: this.#next, registration })
      this.#invocations.forget(registration)
    }
    return { end, revoked: held.promise }
  }

  /** Takes leave: what was sent before has been taken when it resolves, unless the connection broke. */
  async leave(): Promise<void> {
    if (this.#failure === undefined) {
      this.#post({ type: GOODBYE, details: NO_DETAILS, reason: CLOSE_REALM })
      const timer = setTimeout(
        () => this.#end(new RemoteError('timeout', 'GOODBYE was not answered')),
        LAST_TIME,
      )
      await this.ended
      clearTimeout(timer)
    }
    await this.#wire.close()
  }

  /** Bytes that the router has not taken yet. */
  get waiting(): number {
    return this.#wire.waiting
  }

  /** Reads nothing more for a while: a router may take a session for dead that does so for long. */
  pause(): void {
    this.#wire.pause()
  }

  resume(): void {
    this.#wire.resume()
  }

  #take(message: Message): void {
    const { type } = message
    if (type === EVENT) this.#event(message)
    else if (type === INVOCATION) this.#invocations.begin(message)
    else if (type === INTERRUPT) this.#invocations.interrupt(message)
    else if (type === GOODBYE || type === ABORT) this.#farewell(message)
    else if (type === ERROR) this.#refused(message)
    else if (type === UNSUBSCRIBED || type === UNREGISTERED) {
      if (message.request === 0) this.#revoked(type, message.details ?? NO_DETAILS)
      else this.#pending.get(keyOf(type - 1, message.request))?.take(message)
    } else if ('request' in message) {
      // An answer has the number of its request, and the type behind it; RESULT alone the next but one.
      const asked = type === RESULT ? CALL : type - 1
      this.#pending.get(keyOf(asked, message.request))?.take(message)
    }
  }

  #event({ subscription, publication, details, payload }: EventMessage): void {
    const held = this.#subscriptions.get(subscription)
    if (held === undefined) return
    const topic = typeof details.topic === 'string' ? details.topic : held.topic
    held.hear({ topic, publication, ...valuesIn(payload, details) })
  }

  #refused({ requestType, request, error, payload }: ErrorMessage): void {
    const key = keyOf(requestType, request)
    const { args, kwargs } = payload.open()
    this.#pending.get(key)?.reject(new WampError(error, args, kwargs))
    this.#pending.delete(key)
  }

  #farewell(message: Abort | Goodbye): void {
    const { type, reason } = message
    if (type === GOODBYE && reason !== GOODBYE_AND_OUT) {
      this.#post({ type: GOODBYE, details: NO_DETAILS, reason: GOODBYE_AND_OUT })
    }
    const text = `the router ended the session: ${wordsOf(message)}`
    this.#end(new RemoteError('closed', text, reason))
  }

  #revoked(type: number, { subscription, registration, reason }: Dict): void {
    const why = typeof reason === 'string' ? reason : 'no reason given'
    if (type === UNREGISTERED) this.#invocations.revoke(registration, why)
    else {
      this.#subscriptions.get(Number(subscription))?.revoke(why)
      this.#subscriptions.delete(Number(subscription))
    }
  }

  /** Sends a request and waits for its answer, which `first` sees before anything that comes behind it. */
  #request(message: Request, first?: (answer: Message) => void): Promise<Message> {
    const key = keyOf(message.type, message.request)
    return new Promise((resolve, reject) => {
      this.#post(message)
      const timer = setTimeout(() => this.#giveUp(key), this.#timeout)
      const take = (answer: Message) => {
        clearTimeout(timer)
        this.#pending.delete(key)
        first?.(answer)
        resolve(answer)
      }
      const refuse = (error: Error) => {
        clearTimeout(timer)
        reject(error)
      }
      this.#pending.set(key, { take, reject: refuse })
    })
  }

  get #next(): number {
    return ++this.#lastRequest
  }

  #post(message: Message): void {
    if (this.#failure !== undefined) throw this.#failure
    this.#wire.send(message)
  }

  #giveUp(key: string): void {
    this.#pending.get(key)?.reject(new RemoteError('timeout', 'the router did not answer in time'))
    this.#pending.delete(key)
  }

  #end(error: RemoteError): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    for (const pending of [...this.#pending.values()]) pending.reject(error)
    this.#pending.clear()
    this.#invocations.abandon()
    this.#onEnded(error)
  }
}

/** Requests are told apart by their kind, too: some routers answer with a number of another. */
function keyOf(type: number, request: number): string {
  return `${type} ${request}`
}

function payloadOf(args: unknown[], kwargs: Dict): Payload {
  if (Object.keys(kwargs).length > 0) return Payload.of(args, kwargs)
  return args.length > 0 ? Payload.of(args) : Payload.of()
}

function valuesIn(payload: Payload, details: Dict): Values {
  const { args = [], kwargs = {} } = payload.open()
  return { args, kwargs, details }
}

/** A promise and what settles it: Node 20 has no Promise.withResolvers. */
function resolvers<Value>(): { promise: Promise<Value>; resolve(value: Value): void } {
  let resolve: (value: Value) => void = () => {}
  const promise = new Promise<Value>(settle => {
    resolve = settle
  })
  return { promise, resolve }
}
