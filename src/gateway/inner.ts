import { AUTHENTICATION_FAILED, CLOSE_REALM, GOODBYE_AND_OUT } from '../protocol/errors.ts'
import {
  ABORT,
  AUTHENTICATE,
  CHALLENGE,
  type Challenge,
  ERROR,
  EVENT,
  type EventMessage,
  GOODBYE,
  HELLO,
  type Message,
  NO_DETAILS,
  RESULT,
  WELCOME,
  type Welcome,
} from '../protocol/messages.ts'
import { type Dict, NO_PAYLOAD } from '../protocol/payload.ts'
import { json } from '../serializer/json.ts'
import type { Connection, Receiver } from '../transport/transport.ts'

/** The subprotocol of the endpoint that an inner session speaks to. */
export const INNER_PROTOCOL = 'wamp.2.json'
/** What that endpoint has to offer besides. */
export const INNER_OPTIONS = { serializers: ['json'] }

/** A connection of another protocol, as the session within sees it. */
export type Outer = Omit<Connection, 'write'>

/** Who hears of an inner session. */
export interface Listener {
  event(message: EventMessage): void
  /**
   * The session is over, or there will be none: with the URI of ABORT or GOODBYE where one came. It
   * is told before the connection is closed.
   */
  ended(reason: string, text: string): void
  /** All that the router has sent in one go has been told. */
  flush?(): void
  /** A listener has thrown: the session ends. */
  failed?(error: unknown): void
}

/** What answers a CHALLENGE. */
interface Proof {
  readonly signature: string
  readonly extra?: Dict
}

/** Answers a CHALLENGE. Throws, or rejects, where it cannot. */
export type Prove = (challenge: Challenge) => Proof | Promise<Proof>

/** What a client asks, before it has its number. */
export type Request = (request: number) => Message

/** Hears each answer to a request: RESULTs with `progress` in their details come before the last. */
export type Answered = (answer: Message) => void

const CLIENT_ROLES: Dict = {
  publisher: { features: { publisher_exclusion: true, subscriber_blackwhite_listing: true } },
  subscriber: { features: { pattern_based_subscription: true } },
  caller: { features: { progressive_call_results: true, call_canceling: true } },
}

/**
 * The WAMP session of a client that speaks another protocol. To the router it is a client like any
 * other, over a connection of its kind: authenticators, permissions, limits, drain and the cap on
 * what waits for a slow reader need nothing of their own. What the router sends comes in one turn
 * of the event loop, in order.
 */
export class InnerSession {
  /** What the outer connection tells of itself: `drained`, `alive`, `farewell` and `closed`. */
  readonly receiver: Receiver
  readonly #listener: Listener
  readonly #pending = new Map<number, Answered>()
  #prove: Prove = () => {
    throw new Error('nothing to prove it with')
  }
  #joined: ((welcome: Welcome) => void) | null = null
  #lastRequest = 0
  #isLeaving = false
  #unread: Uint8Array[] = []
  #unreadBytes = 0
  #isOver = false

  /** `open` is that of an endpoint that has `wamp.2.json` on offer. */
  constructor(outer: Outer, open: (connection: Connection) => Receiver, listener: Listener) {
    this.#listener = listener
    this.receiver = open(this.#connection(outer))
  }

  /** Asks for a session. Where none comes about, the listener hears that it has ended. */
  join(realm: string, details: Dict, prove: Prove, joined: (welcome: Welcome) => void): void {
    this.#prove = prove
    this.#joined = joined
    this.post({ type: HELLO, realm, details: { roles: CLIENT_ROLES, ...details } })
  }

  /** Sends a request and gives its number. Each answer is told, the last one also where it is ERROR. */
  request(make: Request, answered: Answered): number {
    this.#lastRequest++
    this.#pending.set(this.#lastRequest, answered)
    this.post(make(this.#lastRequest))
    return this.#lastRequest
  }

  /** Sends a message that is not answered, or whose answer is taken care of; none after GOODBYE. */
  post(message: Message): void {
    if (!this.#isOver && !this.#isLeaving) this.#tell(message)
  }

  /** Ends the session with a GOODBYE. */
  leave(): void {
    this.post({ type: GOODBYE, details: NO_DETAILS, reason: CLOSE_REALM })
    this.#isLeaving = true
  }

  /** The outer connection is gone. */
  closed(): void {
    this.#end(CLOSE_REALM, 'the connection is gone')
    this.receiver.closed()
  }

  #tell(message: Message): void {
    this.receiver.bytes(json.encode(message), false)
  }

  /**
   * Frames are read when what has sent them is done: an outbox may be emptied while broker or dealer
   * are in the midst of sending.
   */
  #write(frames: readonly Uint8Array[]): void {
    if (this.#unread.length === 0) queueMicrotask(() => this.#read())
    for (const frame of frames) {
      this.#unread.push(frame)
      this.#unreadBytes += frame.length
    }
  }

  #read(): void {
    if (this.#unread.length === 0) return
    const frames = this.#unread
    this.#unread = []
    this.#unreadBytes = 0
    try {
      for (const frame of frames) if (!this.#isOver) this.#take(decoded(frame))
      this.#listener.flush?.()
    } catch (error) {
      // Others wait to be served after this one.
      this.#listener.failed?.(error)
      this.receiver.farewell(1011, 'the gateway failed')
    }
    this.receiver.drained()
  }

  #take(message: Message): void {
    switch (message.type) {
      case EVENT:
        this.#listener.event(message)
        return
      case WELCOME:
        this.#joined?.(message)
        return
      case CHALLENGE:
        void this.#answer(message)
        return
      case GOODBYE:
        this.#end(message.reason, String(message.details.message ?? ''))
        if (!this.#isLeaving) {
          this.#tell({ type: GOODBYE, details: NO_DETAILS, reason: GOODBYE_AND_OUT })
        }
        return
      case ABORT:
        this.#end(message.reason, String(message.details.message ?? ''))
        return
      default:
        this.#settle(message)
    }
  }

  async #answer(challenge: Challenge): Promise<void> {
    try {
      const { signature, extra = NO_DETAILS } = await this.#prove(challenge)
      this.post({ type: AUTHENTICATE, signature, extra })
    } catch (error) {
      if (this.#isOver) return
      const { message } = error as Error
      const reason = AUTHENTICATION_FAILED
      this.#end(reason, message)
      this.#tell({ type: ABORT, details: { message }, reason, payload: NO_PAYLOAD })
    }
  }

  #settle(message: Message): void {
    if (!('request' in message)) return
    const answered = this.#pending.get(message.request)
    const isLast = message.type !== RESULT || message.details.progress !== true
    if (isLast) this.#pending.delete(message.request)
    answered?.(message)
  }

  /** The connection as the router sees it. */
  #connection(outer: Outer): Connection {
    const { kind, remote, secure = false, certificate = null } = outer
    const unread = () => this.#unreadBytes
    return {
      ...{ kind, remote, secure, certificate },
      // It may be settled only when the client has said what it speaks.
      get protocol() {
        return outer.protocol ?? INNER_PROTOCOL
      },
      get buffered() {
        return outer.buffered + unread()
      },
      write: frames => this.#write(frames),
      ping: () => outer.ping(),
      close: (code, reason) => {
        this.#read()
        outer.close(code, reason)
      },
      terminate: () => outer.terminate(),
    }
  }

  #end(reason: string, text: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#pending.clear()
    this.#listener.ended(reason, text)
  }
}

/** The text that an ERROR has for people, empty where there is none. */
export function textOf(error: Message): string {
  if (error.type !== ERROR) return ''
  const { args = [] } = error.payload.open()
  return typeof args[0] === 'string' ? args[0] : ''
}

/** What the frames of events say: the members of a fan-out all get the same frame. */
const events = new WeakMap<Uint8Array, Message>()

function decoded(frame: Uint8Array): Message {
  const known = events.get(frame)
  if (known !== undefined) return known
  const message = json.decode(frame)
  if (message.type === EVENT) events.set(frame, message)
  return message
}
