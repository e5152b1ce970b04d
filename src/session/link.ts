import type { AuthMethod } from '../auth/auth.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { RandomId } from '../base/ids.ts'
import type { Log } from '../base/log.ts'
import type { Origin } from '../base/origin.ts'
import type { Gap } from '../delivery/gaps.ts'
import { Outbox, type OutboxTerms, type Owner } from '../delivery/outbox.ts'
import {
  AUTHENTICATION_FAILED,
  GOODBYE_AND_OUT,
  INTERNAL_ERROR,
  LIMIT_EXCEEDED,
  PayloadError,
  PROTOCOL_VIOLATION,
  ProtocolViolation,
  SYSTEM_SHUTDOWN,
  UNAVAILABLE,
} from '../protocol/errors.ts'
import {
  ABORT,
  type Abort,
  CALL,
  type EventMessage,
  errorFor,
  GOODBYE,
  type Goodbye,
  HELLO,
  type Message,
  NO_DETAILS,
  shapeOf,
  type Welcome,
} from '../protocol/messages.ts'
import { NO_PAYLOAD } from '../protocol/payload.ts'
import type { Realm } from '../realm/realm.ts'
import type { Serializer } from '../serializer/serializer.ts'
import type { Connection, Receiver } from '../transport/transport.ts'
import type { Attempts } from './attempts.ts'
import { Handshake, type Outcome } from './handshake.ts'
import type { Beating, Heartbeat } from './heartbeat.ts'
import type { Openings } from './openings.ts'
import type { Session } from './session.ts'

/** What a link asks of the router. */
export interface Reception extends OutboxTerms {
  readonly clock: Clock
  readonly log: Log
  readonly randomId: RandomId
  readonly heartbeat: Heartbeat
  /** Time that a client has from connecting, or from GOODBYE, to WELCOME. Milliseconds. */
  readonly handshakeTimeout: number
  /** Time that a client has to answer GOODBYE. Milliseconds. */
  readonly goodbyeTimeout: number
  /** The largest message before WELCOME in bytes. */
  readonly maxHelloSize: number
  readonly openings: Openings
  readonly attempts: Attempts
  /** The realm of that name, made on demand where the router may; undefined if there is none. */
  realm(name: string): Realm | undefined
  /** How clients may authenticate. */
  methods(): readonly AuthMethod[]
  /** Sessions may be opened: the router is not going down. */
  isOpen(): boolean
  /** There is memory for more sessions. */
  hasRoom(): boolean
  /** The link is gone. */
  left(link: Link): void
}

/** The WebSocket close code after which all clients that reconnect do so (RFC 6455, registry). */
const SERVICE_RESTART = 1012
const RESTARTS = 'the router restarts'
/** The code that says to come back later (RFC 6455, registry). */
const TRY_AGAIN_LATER = 1013

/** How long a connection may take to close once it has been asked to. Milliseconds. */
const CLOSE_TIMEOUT = 2000

/**
 * opening: no session; HELLO is awaited, or its authentication goes on
 * open: a session is there
 * leaving: the same, but it makes no calls, save to answer others: it goes when none is left
 * closing: GOODBYE was sent, its answer is awaited, everything else ignored
 * closed: the connection is being closed, or gone; nothing is heard any more
 */
type State = 'opening' | 'open' | 'leaving' | 'closing' | 'closed'

/** One connection, its serializer and its session: the only place that sees all three. */
export class Link implements Receiver, Beating, Owner {
  heard = true
  asked = false
  readonly #connection: Connection
  readonly #serializer: Serializer
  readonly #reception: Reception
  readonly #outbox: Outbox
  #state: State = 'opening'
  #session: Session | null = null
  #handshake: Handshake | null = null
  #timer: Timer | null = null
  /** Bytes of batches that wait for their turn. */
  #held = 0

  constructor(connection: Connection, serializer: Serializer, reception: Reception) {
    this.#connection = connection
    this.#serializer = serializer
    this.#reception = reception
    this.#outbox = new Outbox(connection, serializer, reception, this)
    reception.heartbeat.add(this)
    this.#await()
  }

  bytes(frame: Uint8Array, binary: boolean): void {
    this.heard = true
    if (this.isDeaf) return
    try {
      if (binary !== this.#serializer.binary)
        throw new ProtocolViolation(WRONG_FRAME[Number(binary)])
      if (this.#isTooMuch(frame.length)) throw this.#tooMuch()
      const message = this.#serializer.decode(frame)
      const size = frame.length
      this.#reception.traffic.messageReceived(this, message, size)
      if (this.#state === 'open') this.#receive(this.#session as Session, message, size)
      else if (this.#state === 'leaving') this.#receiveLast(this.#session as Session, message, size)
      else if (this.#state === 'opening') this.#greet(message)
      else if (message.type === GOODBYE || message.type === ABORT) this.#close(1000, 'goodbye')
    } catch (error) {
      this.#fail(error)
    }
  }

  get remote(): string {
    return this.#connection.remote
  }

  /** Its session. */
  get passenger(): Session | null {
    return this.#session
  }

  /** Nothing is heard any more: the connection is being closed, or is about to be. */
  get isDeaf(): boolean {
    return this.#outbox.isClosed
  }

  /** Counts bytes that were received and wait for their turn; fewer than 0 are taken off. */
  hold(bytes: number): void {
    this.#held += bytes
    this.#reception.backlog.add(bytes)
  }

  unfinished(size: number): boolean {
    if (!this.#isTooMuch(size)) return true
    this.#fail(this.#tooMuch())
    return false
  }

  /** Before WELCOME only short messages are taken. */
  #isTooMuch(size: number): boolean {
    return this.#state === 'opening' && size > this.#reception.maxHelloSize
  }

  #tooMuch(): ProtocolViolation {
    return new ProtocolViolation(`HELLO: over ${this.#reception.maxHelloSize} bytes before WELCOME`)
  }

  /** The peer broke the rules of what its messages are wrapped in. */
  violated(rule: string): void {
    this.heard = true
    this.#fail(new ProtocolViolation(rule))
  }

  drained(): void {
    this.#outbox.drained()
  }

  alive(): void {
    this.heard = true
  }

  ping(): void {
    this.#connection.ping()
  }

  dead(): void {
    this.#reception.counters.count('dead_peers')
    this.#reception.log.info({ remote: this.#connection.remote }, 'peer does not answer pings')
    this.#end()
    this.#connection.terminate()
  }

  /** The connection is gone. */
  closed(): void {
    this.#end()
    this.#outbox.gone()
    this.#timer?.cancel()
    this.#reception.heartbeat.remove(this)
    this.#reception.left(this)
  }

  /** Too much waits for a reader that is too slow. */
  overflow(
    waiting: number,
    why = `${waiting} bytes waited to be read, ${this.#reception.sendBuffer.limit} may`,
  ): void {
    // Not at once: broker or dealer are in the midst of sending.
    queueMicrotask(() => {
      if (this.#state === 'closed') return
      const { log, counters, sendBuffer } = this.#reception
      const { limit } = sendBuffer
      counters.count('too_slow')
      log.warn({ ...this.#who(), waiting, limit, why }, 'reader too slow')
      this.#close(1008, `too slow: ${why}`)
    })
  }

  notice(gap: Gap): EventMessage | null {
    const session = this.#session
    return session === null ? null : session.realm.notice(session, gap)
  }

  /** Bytes that wait: for the client, for their turn, or with its calls. */
  get waiting(): number {
    return this.#outbox.waiting + this.#held + (this.#session?.keptBytes ?? 0)
  }

  /** Memory is short, and too much of it is for this client: cuts it off. */
  cut(): void {
    this.#reception.counters.count('cut_by_memory')
    this.#reception.log.warn({ ...this.#who(), waiting: this.waiting }, 'cut off: memory is short')
    this.#end()
    this.#outbox.gone()
    this.#connection.terminate()
  }

  /** Ends the session with a GOODBYE; the connection is closed when it is answered, or in a while. */
  goodbye(reason: string, text?: string): void {
    if (this.#session === null) {
      this.farewell(1001, text ?? reason)
      return
    }
    const details = text === undefined ? NO_DETAILS : { message: text }
    this.#sendLast({ type: GOODBYE, details, reason })
    this.#leave()
    this.#state = 'closing'
    const { clock, goodbyeTimeout } = this.#reception
    this.#timer = clock.after(goodbyeTimeout, () => this.#close(1000, 'goodbye'))
  }

  /** Ends session and connection with a WebSocket close code, without a GOODBYE. */
  farewell(code: number, reason: string): void {
    if (this.#state === 'closed') return
    if (FAULTS.includes(code)) this.#noteViolation(reason)
    this.#close(code, reason)
  }

  /** Closes a connection that is too much. Browsers are told too, which they are not of HTTP 503. */
  turnAway(reason: string): void {
    if (this.#state === 'closed') return
    this.#reception.counters.count('refused_connections')
    this.farewell(1013, reason)
  }

  /** Others may call the session: a drain sends it away last. */
  get isCallee(): boolean {
    return this.#session?.realm.isCallee(this.#session) ?? false
  }

  /** The session has calls running, or what was sent to it is not all out. */
  get isBusy(): boolean {
    const session = this.#session
    if (session === null) return false
    return session.isBusy || this.#held > 0 || this.#connection.buffered > 0
  }

  /** From now on the session makes no calls, but those that it needs to answer others. */
  finish(): void {
    if (this.#state === 'open') this.#state = 'leaving'
  }

  /** Sends the client away because the router goes down: for good, or to come back. */
  depart(final: boolean): void {
    if (this.#state === 'closing') return
    if (final) this.goodbye(SYSTEM_SHUTDOWN, 'the router shuts down')
    // Autobahn|JS and wampy never come back after a GOODBYE, but after this code they do.
    else this.farewell(SERVICE_RESTART, RESTARTS)
  }

  /** A message of a session that only finishes its calls. */
  #receiveLast(session: Session, message: Message, size: number): void {
    const isNew = message.type === CALL && !session.isOpen(message.request)
    if (!isNew || session.realm.isAnswering(session)) this.#receive(session, message, size)
    else this.#outbox.send(errorFor(message, UNAVAILABLE, 'the router is going down'))
  }

  #receive(session: Session, message: Message, size: number): void {
    if (message.type === GOODBYE) session.receiveGoodbye(message)
    else if (message.type === ABORT) this.#close(1000, 'session aborted')
    else session.receive(message, size)
  }

  /** The client's GOODBYE is answered. */
  #answerGoodbye(): void {
    this.#leave()
    this.#outbox.send({ type: GOODBYE, details: {}, reason: GOODBYE_AND_OUT })
    // The connection may carry another session (WAMP, "Session Closing").
    this.#await()
  }

  /** HELLO and what follows until WELCOME. */
  #greet(message: Message): void {
    if (message.type === ABORT) {
      this.#close(1000, 'session aborted')
      return
    }
    if (!this.#reception.isOpen()) {
      this.#close(SERVICE_RESTART, RESTARTS)
      return
    }
    if (this.#handshake === null) {
      if (message.type !== HELLO) {
        throw new ProtocolViolation(`${shapeOf(message.type)?.name} before a session is open`)
      }
      if (!this.#reception.hasRoom()) {
        this.#reception.counters.count('refused_by_memory')
        // No ABORT: after one, Autobahn|JS and wampy would not come back.
        this.#close(TRY_AGAIN_LATER, 'memory is short: try again later')
        return
      }
      this.#handshake = new Handshake(this.#reception, this.#outbox, this.#origin())
    }
    const outcome = this.#handshake.receive(message)
    if (outcome instanceof Promise) {
      outcome.then(settled => this.#settle(settled)).catch(error => this.#fail(error))
    } else this.#settle(outcome)
  }

  #settle(outcome: Outcome): void {
    if (this.#state !== 'opening' || outcome === 'continue') return
    if ('refused' in outcome) {
      this.#deny(outcome.refused, outcome.text)
      return
    }
    // The router may have begun to go down while the client was authenticated.
    if (!this.#reception.isOpen()) {
      this.#close(SERVICE_RESTART, RESTARTS)
      return
    }
    const { session, welcome } = outcome
    // Others may have joined while the client was authenticated.
    const full = session.realm.whyFull(session)
    if (full !== undefined) {
      session.realm.countRefusal('refused_sessions')
      this.#deny(LIMIT_EXCEEDED, full)
      return
    }
    this.#timer?.cancel()
    this.#timer = null
    this.#handshake = null
    this.#reception.openings.leave(this)
    this.#session = session
    session.kill = (reason, message) => {
      this.#reception.log.info({ ...this.#facts(session), reason }, 'killed')
      this.goodbye(reason, message)
    }
    session.fail = error => this.#fail(error)
    session.leave = () => this.#answerGoodbye()
    this.#state = 'open'
    session.realm.join(session)
    if (!this.#trySend(welcome)) this.#outbox.send(withoutFeatures(welcome))
    this.#reception.log.info(this.#facts(session), 'join')
  }

  /** Refuses a client that is about to join. */
  #deny(reason: string, text: string): void {
    const { counters, log } = this.#reception
    counters.count('denied_handshakes')
    const { remote } = this.#connection
    log.info({ ...this.#handshake?.asked, remote, reason, text }, 'denied')
    this.#abort(reason, text, 1000)
  }

  /** Waits for a HELLO. */
  #await(): void {
    this.#state = 'opening'
    this.#handshake = null
    const { clock, handshakeTimeout, openings } = this.#reception
    if (!openings.enter(this)) {
      // Not at once: the transport does not know its receiver yet.
      queueMicrotask(() => this.turnAway('too many connections are without a session'))
    }
    this.#timer = clock.after(handshakeTimeout, () => {
      this.#reception.counters.count('silent')
      if (this.#handshake === null) this.#close(1000, 'no HELLO in time')
      else this.#abort(AUTHENTICATION_FAILED, 'no AUTHENTICATE in time', 1000)
    })
  }

  #fail(error: unknown): void {
    if (this.#state === 'closed') return
    if (error instanceof ProtocolViolation) {
      this.#noteViolation(error.message)
      this.#abort(PROTOCOL_VIOLATION, error.message, 1002)
    } else if (error instanceof PayloadError) {
      this.#abort(error.uri, error.message, 1009)
    } else {
      this.#reception.log.error({ remote: this.#connection.remote, err: error }, 'internal error')
      this.#abort(INTERNAL_ERROR, 'the router failed; this session ends', 1011)
    }
  }

  #noteViolation(violation: string): void {
    this.#reception.counters.count('protocol_violations')
    this.#reception.log.info({ ...this.#who(), violation }, 'protocol violation')
  }

  /** Ends everything with an ABORT, which does not come behind a GOODBYE. */
  #abort(reason: string, message: string, code: number): void {
    if (this.#state !== 'closing') {
      this.#sendLast({ type: ABORT, details: { message }, reason, payload: NO_PAYLOAD })
    }
    this.#close(code, reason)
  }

  /** A last message, without its text where the client takes only shorter ones. */
  #sendLast(message: Goodbye | Abort): void {
    if (!this.#trySend(message)) this.#trySend({ ...message, details: NO_DETAILS })
  }

  /** False where the message is longer than the client takes. */
  #trySend(message: Message): boolean {
    try {
      this.#outbox.send(message)
      return true
    } catch (error) {
      if (error instanceof PayloadError) return false
      throw error
    }
  }

  /** Sends what waits and a close frame; a peer that does not answer it is cut off. */
  #close(code: number, reason: string): void {
    this.#outbox.flush()
    this.#end()
    this.#connection.close(code, reason)
    this.#timer = this.#reception.clock.after(CLOSE_TIMEOUT, () => this.#connection.terminate())
  }

  #end(): void {
    this.#leave()
    this.#state = 'closed'
    this.#reception.openings.leave(this)
    this.#outbox.close()
  }

  #leave(): void {
    this.#timer?.cancel()
    const session = this.#session
    if (session === null) return
    this.#session = null
    this.#outbox.forgetGaps()
    session.realm.leave(session)
    this.#reception.log.info(this.#facts(session), 'leave')
  }

  #origin(): Origin {
    const { kind, remote: peer, secure = false, certificate = null } = this.#connection
    const { protocol = `wamp.2.${this.#serializer.name}` } = this.#connection
    return { kind, peer, protocol, secure, certificate }
  }

  /** Whom the log is to name, in a session or not. */
  #who(): object {
    const session = this.#session
    return session === null ? { remote: this.#connection.remote } : this.#facts(session)
  }

  #facts(session: Session): object {
    const { id, authid, authrole, realm } = session
    return { realm: realm.name, session: id, authid, authrole, remote: this.#connection.remote }
  }
}

/** Close codes of those who broke the rules of frames: unsound ones, no UTF-8, too large (RFC 6455, 7.4.1). */
const FAULTS: readonly number[] = [1002, 1007, 1009]

const WRONG_FRAME = ['text frame on a binary subprotocol', 'binary frame on a text subprotocol']

/** A WELCOME for clients that take only very short messages. They may use the features all the same. */
function withoutFeatures(welcome: Welcome): Welcome {
  return { ...welcome, details: { ...welcome.details, roles: { broker: {}, dealer: {} } } }
}
