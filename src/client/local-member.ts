import type { Log } from '../base/log.ts'
import type { SharedMessage } from '../delivery/shared-message.ts'
import type { SessionDetails } from '../meta/meta.ts'
import { CANCELED, CLOSE_REALM, PayloadError, WampError } from '../protocol/errors.ts'
import {
  CALLEE_CANCELS,
  PUBLISHER_PASSES_THRU,
  SUBSCRIBER_HEARS_REVOCATION,
} from '../protocol/features.ts'
import {
  CALL,
  CANCEL,
  ERROR,
  EVENT,
  type EventMessage,
  INTERRUPT,
  INVOCATION,
  type Invocation,
  type Message,
  NO_DETAILS,
  PUBLISH,
  PUBLISHED,
  REGISTER,
  REGISTERED,
  RESULT,
  SUBSCRIBE,
  SUBSCRIBED,
  UNREGISTER,
  UNREGISTERED,
  UNSUBSCRIBE,
  UNSUBSCRIBED,
  YIELD,
} from '../protocol/messages.ts'
import { type Dict, type Opened, Payload } from '../protocol/payload.ts'
import type { Role } from '../realm/authorize.ts'
import type { Member, Realm } from '../realm/realm.ts'
import { copyDict, copyValue } from './copy.ts'
import {
  type CallHandler,
  type CallOptions,
  type EventHandler,
  type Handle,
  type LocalSession,
  type PublishOptions,
  type RegisterOptions,
  Result,
  type SubscribeOptions,
} from './local-session.ts'

interface Pending {
  resolve(message: Message): void
  reject(error: Error): void
}

/** The handlers of one pattern: they share one subscription of the broker. */
interface Hearing {
  readonly key: string
  readonly topic: string
  readonly handlers: Set<EventHandler>
  id: number
  /** SUBSCRIBEs that are not answered yet. */
  pending: number
}

/** An in-process session, as its owner and its realm see it. */
export class LocalMember implements Member, LocalSession {
  readonly id: number
  readonly authid: string
  readonly role: Role
  readonly features: number = CALLEE_CANCELS | PUBLISHER_PASSES_THRU | SUBSCRIBER_HEARS_REVOCATION
  readonly details: SessionDetails
  readonly closed: Promise<string>
  readonly #realm: Realm
  readonly #log: Log
  readonly #pending = new Map<number, Pending>()
  readonly #hearings = new Map<string, Hearing>()
  readonly #hearingById = new Map<number, Hearing>()
  readonly #handlers = new Map<number, { procedure: string; handler: CallHandler }>()
  readonly #running = new Map<number, AbortController>()
  #inbox: Message[] = []
  #lastRequest = 0
  #open = true
  #ended: (reason: string) => void = () => {}

  constructor(realm: Realm, id: number, who: { authid: string; role: Role }, log: Log) {
    this.id = id
    this.authid = who.authid
    this.role = who.role
    const { authid, authrole } = this
    const [authmethod, authprovider] = ['internal', 'internal']
    this.details = { session: id, authid, authrole, authmethod, authprovider }
    this.#realm = realm
    this.#log = log
    this.closed = new Promise(resolve => {
      this.#ended = resolve
    })
    realm.join(this)
  }

  get authrole(): string {
    return this.role.name
  }

  async subscribe(
    topic: string,
    handler: EventHandler,
    options: SubscribeOptions = {},
  ): Promise<Handle> {
    const key = `${options.match ?? 'exact'} ${topic}`
    let hearing = this.#hearings.get(key)
    if (hearing === undefined) {
      hearing = { key, topic, handlers: new Set(), id: 0, pending: 0 }
      this.#hearings.set(key, hearing)
    }
    const { handlers } = hearing
    // A handler of its own for each subscribe(), though the function may be the same.
    const own: EventHandler = (args, kwargs, details) => handler(args, kwargs, details)
    hearing.pending++
    try {
      await this.#request(
        request => ({ type: SUBSCRIBE, request, options: { ...options }, topic }),
        answer => {
          // In the turn of SUBSCRIBED, so that an event right behind it finds the handler.
          hearing.id = (answer as { subscription: number }).subscription
          this.#hearingById.set(hearing.id, hearing)
          handlers.add(own)
        },
      )
    } finally {
      hearing.pending--
      this.#forget(hearing)
    }
    const { id } = hearing
    return {
      id,
      end: async () => {
        if (!handlers.delete(own) || !this.#forget(hearing) || !this.#open) return
        this.#hearingById.delete(id)
        await this.#request(request => ({ type: UNSUBSCRIBE, request, subscription: id }))
      },
    }
  }

  /** Drops a hearing that nobody needs; true if so. */
  #forget(hearing: Hearing): boolean {
    if (hearing.handlers.size > 0 || hearing.pending > 0) return false
    if (this.#hearings.get(hearing.key) === hearing) this.#hearings.delete(hearing.key)
    return true
  }

  /** The router has taken a subscription away: there is nothing left to give up. */
  #revoked(id: number): void {
    const hearing = this.#hearingById.get(id)
    if (hearing === undefined) return
    this.#hearingById.delete(id)
    hearing.handlers.clear()
    this.#forget(hearing)
  }

  async publish(
    topic: string,
    args?: unknown[],
    kwargs?: Dict,
    options: PublishOptions = {},
  ): Promise<number | undefined> {
    const message = (request: number): Message => ({
      type: PUBLISH,
      request,
      options: Object.keys(options).length === 0 ? NO_DETAILS : copyDict({ ...options }),
      topic,
      payload: payloadOf(args, kwargs),
    })
    if (options.acknowledge === true) {
      const answer = await this.#request(message)
      return (answer as { publication: number }).publication
    }
    this.#checkOpen()
    this.#post(message(this.#nextRequest()))
    return undefined
  }

  async register(
    procedure: string,
    handler: CallHandler,
    options: RegisterOptions = {},
  ): Promise<Handle> {
    let id = 0
    await this.#request(
      request => ({ type: REGISTER, request, options: { ...options }, procedure }),
      answer => {
        id = (answer as { registration: number }).registration
        this.#handlers.set(id, { procedure, handler })
      },
    )
    return {
      id,
      end: async () => {
        if (!this.#handlers.delete(id) || !this.#open) return
        await this.#request(request => ({ type: UNREGISTER, request, registration: id }))
      },
    }
  }

  async call<Value = unknown>(
    procedure: string,
    args?: unknown[],
    kwargs?: Dict,
    options: CallOptions = {},
  ): Promise<Value> {
    const { signal } = options
    signal?.throwIfAborted()
    let request = 0
    let onAbort = () => {}
    const answered = this.#request(number => {
      request = number
      return {
        type: CALL,
        request,
        options: NO_DETAILS,
        procedure,
        payload: payloadOf(args, kwargs),
      }
    })
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => {
        this.#pending.delete(request)
        this.#post({ type: CANCEL, request, options: { mode: 'killnowait' } })
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
    })
    try {
      const answer = (await Promise.race([answered, aborted])) as { payload: Payload }
      return outcomeOf(answer.payload.open()) as Value
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Ends the session from the router's side. */
  kill(reason: string): void {
    this.close(reason)
  }

  close(reason: string = CLOSE_REALM): void {
    if (!this.#open) return
    this.#open = false
    this.#realm.leave(this)
    for (const { reject } of this.#pending.values()) reject(new WampError(reason))
    this.#pending.clear()
    for (const controller of this.#running.values()) controller.abort()
    this.#running.clear()
    this.#inbox = []
    this.#ended(reason)
  }

  /** Takes a message of the router; it is handled in a later turn. */
  send(message: Message): void {
    if (!this.#open) return
    // Payloads of remote sessions are views of a frame that is gone by then.
    if ('payload' in message) message.payload.open()
    if (this.#inbox.length === 0) setImmediate(() => this.#read())
    this.#inbox.push(message)
  }

  share(message: SharedMessage): void {
    this.send(message.message)
  }

  #read(): void {
    for (const message of this.#inbox.splice(0)) {
      if (!this.#open) return
      this.#hear(message)
    }
  }

  #hear(message: Message): void {
    switch (message.type) {
      case EVENT:
        this.#event(message)
        return
      case INVOCATION:
        this.#invoke(message)
        return
      case INTERRUPT:
        this.#running.get(message.request)?.abort()
        return
      case ERROR:
        this.#take(message.request)?.reject(errorOf(message.error, message.payload.open()))
        return
      case UNSUBSCRIBED:
        if (message.details !== null) this.#revoked(message.details.subscription as number)
        else this.#take(message.request)?.resolve(message)
        return
      case SUBSCRIBED:
      case PUBLISHED:
      case REGISTERED:
      case UNREGISTERED:
      case RESULT:
        this.#take(message.request)?.resolve(message)
        return
      default:
        throw new Error(`unexpected message ${message.type}`)
    }
  }

  #event(message: EventMessage): void {
    const hearing = this.#hearingById.get(message.subscription)
    if (hearing === undefined) return
    const { publication, details, payload } = message
    for (const handler of [...hearing.handlers]) {
      const { args, kwargs } = payload.open()
      const facts = { topic: hearing.topic, ...details, publication }
      this.#run(() => handler(copyValue(args ?? []) as unknown[], copyDict(kwargs ?? {}), facts))
    }
  }

  /** Runs an event handler. What it throws concerns nobody but its author. */
  #run(handle: () => unknown): void {
    const failed = (error: unknown) =>
      this.#log.error({ session: this.id, err: error }, 'event handler failed')
    try {
      const outcome = handle()
      if (outcome instanceof Promise) outcome.catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  #invoke(message: Invocation): void {
    const { request } = message
    const served = this.#handlers.get(message.registration)
    const controller = new AbortController()
    this.#running.set(request, controller)
    this.#serve(served, message, controller.signal)
      .then(
        payload => this.#post({ type: YIELD, request, options: NO_DETAILS, payload }),
        error => this.#post(invocationError(request, error)),
      )
      .catch(error => this.#log.error({ session: this.id, err: error }, 'answering a call failed'))
      .finally(() => this.#running.delete(request))
  }

  async #serve(
    served: { procedure: string; handler: CallHandler } | undefined,
    message: Invocation,
    signal: AbortSignal,
  ): Promise<Payload> {
    if (served === undefined)
      throw new WampError(CANCELED, ['the procedure has just been unregistered'])
    const { args = [], kwargs = {} } = message.payload.open()
    const details = { procedure: served.procedure, ...message.details, signal }
    const value = await served.handler(args, kwargs, details)
    if (value instanceof Result) {
      return payloadOf(
        value.args,
        Object.keys(value.kwargs).length === 0 ? undefined : value.kwargs,
      )
    }
    return value === undefined ? payloadOf() : payloadOf([value])
  }

  /** Sends a request; resolves with its answer, after `first` has seen it in the answer's turn. */
  #request(
    make: (request: number) => Message,
    first?: (answer: Message) => void,
  ): Promise<Message> {
    return new Promise((resolve, reject) => {
      this.#checkOpen()
      const request = this.#nextRequest()
      const message = make(request)
      this.#pending.set(request, {
        resolve(answer) {
          first?.(answer)
          resolve(answer)
        },
        reject,
      })
      try {
        this.#post(message)
      } catch (error) {
        this.#pending.delete(request)
        throw error
      }
    })
  }

  #take(request: number): Pending | undefined {
    const pending = this.#pending.get(request)
    this.#pending.delete(request)
    return pending
  }

  #nextRequest(): number {
    return ++this.#lastRequest
  }

  #checkOpen(): void {
    if (!this.#open) throw new WampError(CLOSE_REALM, ['the session is over'])
  }

  #post(message: Message): void {
    if (this.#open) this.#realm.receive(this, message)
  }
}

function payloadOf(args?: unknown[], kwargs?: Dict): Payload {
  // Plain JavaScript may pass anything, and receivers would take it for a broken message.
  if (args !== undefined && !Array.isArray(args)) throw new PayloadError('args is no list')
  return Payload.of(
    args === undefined ? undefined : (copyValue(args) as unknown[]),
    kwargs === undefined ? undefined : copyDict(kwargs),
  )
}

function outcomeOf({ args = [], kwargs = {} }: Opened): unknown {
  if (args.length > 1 || Object.keys(kwargs).length > 0) return new Result(args, kwargs)
  return args[0]
}

function errorOf(uri: string, { args = [], kwargs = {} }: Opened): WampError {
  return new WampError(uri, args, kwargs)
}

function invocationError(request: number, error: unknown): Message {
  const { uri, args, kwargs } =
    error instanceof WampError
      ? error
      : { uri: 'wamp.error.runtime_error', args: [textOf(error)], kwargs: {} }
  let payload: Payload
  try {
    payload = payloadOf(args, Object.keys(kwargs).length === 0 ? undefined : kwargs)
  } catch (problem) {
    // The caller must get an answer, whatever the error carries.
    payload = Payload.of([textOf(problem)])
  }
  return { type: ERROR, requestType: INVOCATION, request, details: NO_DETAILS, error: uri, payload }
}

/** Anything may be thrown. */
function textOf(error: unknown): string {
  if (error instanceof Error) return error.message
  return typeof error === 'object' ? 'an object was thrown' : String(error)
}
