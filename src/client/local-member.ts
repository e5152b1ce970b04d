import type { Log } from '../base/log.ts'
import type { SharedMessage } from '../delivery/shared-message.ts'
import type { SessionDetails } from '../meta/meta.ts'
import { CLOSE_REALM, UNAVAILABLE, WampError } from '../protocol/errors.ts'
import {
  CALLEE_CANCELS,
  CALLEE_HEARS_REVOCATION,
  CALLEE_PROGRESSES,
  CALLEE_REROUTES,
  PUBLISHER_PASSES_THRU,
  SUBSCRIBER_HEARS_REVOCATION,
} from '../protocol/features.ts'
import {
  ERROR,
  EVENT,
  type EventMessage,
  INTERRUPT,
  INVOCATION,
  type Message,
  NO_DETAILS,
  PUBLISH,
  PUBLISHED,
  REGISTERED,
  RESULT,
  SUBSCRIBE,
  SUBSCRIBED,
  UNREGISTERED,
  UNSUBSCRIBE,
  UNSUBSCRIBED,
} from '../protocol/messages.ts'
import type { Dict } from '../protocol/payload.ts'
import type { Role } from '../realm/authorize.ts'
import { UNLIMITED } from '../realm/limits.ts'
import type { Member, Realm } from '../realm/realm.ts'
import type { Passage, Traffic } from '../traffic/traffic.ts'
import { copyDict, copyValue } from './copy.ts'
import { LocalCallee } from './local-callee.ts'
import { LocalCaller } from './local-caller.ts'
import type {
  CallHandler,
  CallOptions,
  EventHandler,
  Handle,
  LocalSession,
  ProgressiveCall,
  PublishOptions,
  Registered,
  RegisterOptions,
  SubscribeOptions,
} from './local-session.ts'
import type { Pending, Requests } from './requests.ts'
import { errorOf, payloadOf } from './values.ts'

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
export class LocalMember implements Member, LocalSession, Passage {
  readonly id: number
  readonly authid: string
  readonly role: Role
  readonly limits = UNLIMITED
  readonly features: number =
    CALLEE_CANCELS |
    CALLEE_PROGRESSES |
    CALLEE_HEARS_REVOCATION |
    CALLEE_REROUTES |
    PUBLISHER_PASSES_THRU |
    SUBSCRIBER_HEARS_REVOCATION
  readonly details: SessionDetails
  readonly closed: Promise<string>
  readonly realm: Realm
  readonly remote = ''
  readonly passenger = this
  readonly #log: Log
  readonly #traffic: Traffic | undefined
  readonly #pending = new Map<number, Pending>()
  readonly #hearings = new Map<string, Hearing>()
  readonly #hearingById = new Map<number, Hearing>()
  readonly #callee: LocalCallee
  readonly #caller: LocalCaller
  #inbox: Message[] = []
  #lastRequest = 0
  #open = true
  #finishing = false
  #ended: (reason: string) => void = () => {}

  constructor(
    realm: Realm,
    id: number,
    who: { authid: string; role: Role },
    log: Log,
    traffic?: Traffic,
  ) {
    this.id = id
    this.authid = who.authid
    this.role = who.role
    const { authid, authrole } = this
    const [authmethod, authprovider] = ['internal', 'internal']
    this.details = { session: id, authid, authrole, authmethod, authprovider }
    this.realm = realm
    this.#log = log
    this.#traffic = traffic
    this.closed = new Promise(resolve => {
      this.#ended = resolve
    })
    const requests: Requests = {
      request: (make, first) => this.#request(make, first),
      post: message => this.#post(message),
    }
    this.#callee = new LocalCallee(requests, log)
    const calls: Requests = {
      ...requests,
      request: (make, first) => (this.#mayCall() ? this.#request(make, first) : goingDown()),
    }
    this.#caller = new LocalCaller(calls, request => this.#pending.delete(request))
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

  register(
    procedure: string,
    handler: CallHandler,
    options: RegisterOptions = {},
  ): Promise<Registered> {
    return this.#callee.register(procedure, handler, options)
  }

  call<Value = unknown>(
    procedure: string,
    args?: unknown[],
    kwargs?: Dict,
    options: CallOptions = {},
  ): Promise<Value> {
    return this.#caller.call(procedure, args, kwargs, options)
  }

  callProgressively<Value = unknown>(
    procedure: string,
    args?: unknown[],
    kwargs?: Dict,
    options: CallOptions = {},
  ): ProgressiveCall<Value> {
    return this.#caller.callProgressively(procedure, args, kwargs, options)
  }

  /** From now on it makes no calls, but those that it needs to answer others. */
  finish(): void {
    this.#finishing = true
  }

  #mayCall(): boolean {
    return !this.#finishing || this.realm.isAnswering(this)
  }

  /** Ends the session from the router's side. */
  kill(reason: string): void {
    this.close(reason)
  }

  close(reason: string = CLOSE_REALM): void {
    if (!this.#open) return
    this.#open = false
    this.realm.leave(this)
    for (const { reject } of this.#pending.values()) reject(new WampError(reason))
    this.#pending.clear()
    this.#callee.close()
    this.#inbox = []
    this.#ended(reason)
  }

  /** Takes a message of the router; it is handled in a later turn. */
  send(message: Message): void {
    if (!this.#open) return
    // Payloads of remote sessions are views of a frame that is gone by then.
    if ('payload' in message) message.payload.open()
    if (this.#traffic?.tap) this.#traffic.tap.sent(this, message, 0)
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
        this.#callee.invoke(message)
        return
      case INTERRUPT:
        this.#callee.interrupt(message.request)
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
        this.#take(message.request)?.resolve(message)
        return
      case UNREGISTERED:
        if (message.details !== null) this.#callee.revoked(message)
        else this.#take(message.request)?.resolve(message)
        return
      case RESULT:
        if (!this.#caller.takesProgress(message)) this.#take(message.request)?.resolve(message)
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
    if (!this.#open) return
    if (this.#traffic?.tap) this.#traffic.tap.received(this, message, 0)
    this.realm.receive(this, message)
  }
}

function goingDown(): Promise<never> {
  return Promise.reject(new WampError(UNAVAILABLE, ['the router is going down']))
}
