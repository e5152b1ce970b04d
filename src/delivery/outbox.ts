import type { Clock } from '../base/clock.ts'
import type { Counters } from '../base/counters.ts'
import { PAYLOAD_SIZE_EXCEEDED, PayloadError, UNAVAILABLE } from '../protocol/errors.ts'
import { EVENT, type EventMessage, INVOCATION, type Message } from '../protocol/messages.ts'
import type { Serializer } from '../serializer/serializer.ts'
import type { Passage, Traffic } from '../traffic/traffic.ts'
import type { Connection } from '../transport/transport.ts'
import type { Backlog } from './backlog.ts'
import { type Gap, Gaps, MAX_GAPS } from './gaps.ts'
import type { Outlet } from './outlet.ts'
import type { SharedMessage } from './shared-message.ts'
import type { Tally } from './tally.ts'

/** The half of a connection that an outbox needs. */
type Sink = Pick<Connection, 'buffered' | 'write' | 'maxSend'>

/** How much may wait for a reader beyond what the kernel has taken, and what happens then. */
export interface SendBuffer {
  /** Bytes. A message for which nothing waits always fits. */
  readonly limit: number
  /**
   * disconnect: the connection ends
   * drop: events are left out, and the session is told; it ends where other messages do not fit
   */
  readonly policy: 'disconnect' | 'drop'
}

/** What outboxes of one kind have in common. */
export interface OutboxTerms {
  readonly clock: Clock
  readonly sendBuffer: SendBuffer
  readonly backlog: Backlog
  readonly counters: Counters
  readonly traffic: Traffic
}

/** Whose outbox it is. */
export interface Owner extends Passage {
  /**
   * Something was lost that must not be: nothing is sent any more. `waiting` bytes were too many, or
   * it is `why`.
   */
  overflow(waiting: number, why?: string): void
  /** How the session is told of a gap; null: by the next event of that subscription. */
  notice(gap: Gap): EventMessage | null
}

/** Those that have something for their session alone: they are emptied when the tick ends. */
const urgent: Outbox[] = []
/** Those that have events only. When they are many they are emptied over several ticks. */
const patient: Outbox[] = []
let scheduled = false

const TOO_MANY_GAPS = `more than ${MAX_GAPS} subscriptions have gaps that were not told yet`

/** What a tick spends on patient outboxes: writes cost most of what a fan-out does. */
const TICK = 200
/** Bytes and frames that cost as much as a write alone does. */
const WRITE_BYTES = 8192
const WRITE_FRAMES = 64

/**
 * What waits to leave over one connection. All that a tick has for it goes out together when the
 * tick ends: a call costs a quarter of what it does when each message is written at once. As
 * everything takes this way, nothing overtakes.
 */
export class Outbox implements Outlet {
  readonly serializer: Serializer
  readonly #sink: Sink
  readonly #terms: OutboxTerms
  readonly #owner: Owner
  /** Bytes beyond which it must be looked at more closely: those that events may take. */
  readonly #room: number
  /** The receiver takes no frame of more bytes. */
  readonly #maxSend: number
  #frames: Uint8Array[] = []
  #bytes = 0
  /** When the oldest event among them arrived; -1: there is none. */
  #since = -1
  /** Bytes in the connection. */
  #backlog = 0
  /** What the session goes without and was not told of; null where that is nothing. */
  #gaps: Gaps | null = null
  /** Events are dropped until there is room for many. */
  #isCongested = false
  #closed = false
  #isUrgent = false
  #isPatient = false

  constructor(sink: Sink, serializer: Serializer, terms: OutboxTerms, owner: Owner) {
    this.#sink = sink
    this.serializer = serializer
    this.#terms = terms
    this.#owner = owner
    this.#maxSend = sink.maxSend ?? Number.POSITIVE_INFINITY
    const { limit, policy } = terms.sendBuffer
    // Answers must find room where events have none.
    this.#room = policy === 'drop' ? limit - (limit >> 2) : limit
  }

  /**
   * Throws PayloadError where the message cannot be written, is longer than its receiver takes, or,
   * under `wamp.error.unavailable`, where an INVOCATION does not fit.
   */
  send(message: Message): void {
    if (this.#closed) return
    const frame = this.serializer.encode(message)
    if (this.#isTooLong(frame)) {
      const text = `the receiver takes messages of at most ${this.#maxSend} bytes`
      throw new PayloadError(text, PAYLOAD_SIZE_EXCEEDED)
    }
    if (this.#takes(frame, message)) this.#sendSoon(frame, message)
  }

  /** An event that is longer than its receiver takes is left out, as the others are to have it. */
  share(shared: SharedMessage): void {
    const { message, tally } = shared
    if (this.#closed) {
      if (tally !== null) leaveOut(tally, 'dropped')
      return
    }
    const told = this.#gaps === null ? null : this.#withGap(this.#gaps, message)
    const frame = told === null ? this.#bytesOf(shared) : this.serializer.encode(told)
    if (this.#isTooLong(frame)) {
      this.#miss(message as EventMessage)
      if (tally !== null) leaveOut(tally, 'oversized')
    } else if (this.#takes(frame, message)) {
      if (told === null) this.#push(frame, message)
      else if (this.#gaps?.get(told.subscription) !== undefined) {
        this.#told(told.subscription)
        this.#push(frame, told)
        // Else a notice has told it just now.
      } else this.#push(this.#bytesOf(shared), message)
      if (this.#since < 0) this.#since = shared.since
      if (this.#isUrgent || this.#isPatient) return
      this.#isPatient = true
      patient.push(this)
      schedule()
    } else if (tally !== null) leaveOut(tally, 'dropped')
  }

  #isTooLong(frame: Uint8Array): boolean {
    if (frame.length <= this.#maxSend) return false
    this.#terms.counters.count('oversized_messages')
    return true
  }

  #bytesOf(shared: SharedMessage): Uint8Array {
    try {
      return shared.bytes(this.serializer)
    } catch (error) {
      if (error instanceof PayloadError) this.#terms.counters.count('events_untranslatable')
      throw error
    }
  }

  /** It takes nothing more: what was due is lost, or its connection ends. */
  get isClosed(): boolean {
    return this.#closed
  }

  /** Bytes that wait here and in the connection. */
  get waiting(): number {
    return this.#bytes + this.#backlog
  }

  #push(frame: Uint8Array, message: Message): void {
    this.#frames.push(frame)
    this.#bytes += frame.length
    this.#terms.traffic.messageSent(this.#owner, message, frame.length)
  }

  #sendSoon(frame: Uint8Array, message: Message): void {
    this.#push(frame, message)
    if (this.#isUrgent) return
    this.#isUrgent = true
    urgent.push(this)
    schedule()
  }

  #takes({ length }: Uint8Array, message: Message): boolean {
    const isDue = this.#isCongested && message.type === EVENT
    if (!isDue && this.#bytes + this.#backlog + length <= this.#room) return true
    return this.#makesRoom(length, message)
  }

  /** Writes what it can, and says whether a message fits then. Throws PayloadError. */
  #makesRoom(length: number, message: Message): boolean {
    const { limit, policy } = this.#terms.sendBuffer
    const isEvent = message.type === EVENT
    this.flush()
    this.drained()
    const { waiting } = this
    const most = isEvent || message.type === INVOCATION ? this.#room : limit
    const isFree = waiting === 0 || waiting + length <= most
    if (isFree && !(isEvent && this.#isCongested)) return true
    const drops = isEvent && policy === 'drop'
    if (drops && this.#drop(message)) return false
    const isRefusal = message.type === INVOCATION
    if (!isRefusal || policy === 'disconnect') {
      this.close()
      this.#owner.overflow(waiting + length, drops ? TOO_MANY_GAPS : undefined)
    }
    if (isRefusal) {
      const text = `the callee reads too slowly: ${waiting} bytes wait for it`
      throw new PayloadError(text, UNAVAILABLE)
    }
    return false
  }

  /** False where there is no way to tell of it. */
  #drop(event: EventMessage): boolean {
    if (!this.#note(event)) return false
    this.#isCongested = true
    this.#terms.counters.count('events_dropped')
    return true
  }

  /** An event is too long for the session, which is told so at once where it listens for that. */
  #miss(event: EventMessage): void {
    if (this.#note(event)) {
      if (!this.#isCongested) this.#recover()
    } else {
      this.close()
      this.#owner.overflow(this.waiting, TOO_MANY_GAPS)
    }
  }

  /** False where there are too many gaps. */
  #note({ subscription, publication }: EventMessage): boolean {
    this.#gaps ??= new Gaps()
    return this.#gaps.note(subscription, publication)
  }

  /** Of a subscription that is over nothing need be told. */
  unsubscribed(subscription: number): void {
    this.#forget(subscription)
  }

  #forget(subscription: number): void {
    if (this.#gaps === null) return
    this.#gaps.forget(subscription)
    if (this.#gaps.isEmpty) this.forgetGaps()
  }

  /** An event that tells of the gap before it, for this session alone; null: there is none. */
  #withGap(gaps: Gaps, message: Message): EventMessage | null {
    if (message.type !== EVENT) return null
    const gap = gaps.get(message.subscription)
    if (gap === undefined) return null
    const { from, to, count } = gap
    return { ...message, details: { ...message.details, _missed: { from, to, count } } }
  }

  #told(subscription: number): void {
    this.#forget(subscription)
    this.#terms.counters.count('gaps_told')
  }

  /** The session is told of what was dropped, where it listens for that and there is room again. */
  #recover(): void {
    if (this.#closed || this.waiting > this.#room >> 1) return
    this.#isCongested = false
    for (const gap of this.#gaps?.all() ?? []) {
      const notice = this.#owner.notice(gap)
      if (notice === null) return
      const frame = this.serializer.encode(notice)
      if (this.waiting > 0 && this.waiting + frame.length > this.#room) {
        this.#isCongested = this.#terms.sendBuffer.policy === 'drop'
        return
      }
      this.#told(gap.subscription)
      this.#sendSoon(frame, notice)
    }
  }

  /** Writes what waits, now. */
  flush(): void {
    if (this.#frames.length === 0) return
    const frames = this.#frames
    this.#frames = []
    this.#bytes = 0
    this.#sink.write(frames)
    if (this.#since >= 0) this.#time()
    this.drained()
  }

  /** Events were written. */
  #time(): void {
    const { clock, traffic } = this.#terms
    if (traffic.timesWrite()) {
      traffic.deliveries.observe((clock.elapsed() - this.#since) / 1000)
    }
    this.#since = -1
  }

  /** Its turn has come among those of its kind; gives what that costs, a plain write being 1. */
  serve(among: 'urgent' | 'patient'): number {
    // It may be waiting among the others, too.
    if (among === 'urgent') this.#isUrgent = false
    else this.#isPatient = false
    const cost = 1 + this.#bytes / WRITE_BYTES + this.#frames.length / WRITE_FRAMES
    this.flush()
    return cost
  }

  /** The connection has got rid of bytes. */
  drained(): void {
    this.#measure()
    if (this.#gaps !== null) this.#recover()
  }

  #measure(): void {
    const { buffered } = this.#sink
    if (buffered === this.#backlog) return
    const more = buffered - this.#backlog
    this.#backlog = buffered
    this.#terms.backlog.add(more)
  }

  /** None is left, or the session is over: what it has missed is nothing to the next one. */
  forgetGaps(): void {
    this.#gaps = null
    this.#isCongested = false
  }

  /** Drops what waits and takes nothing more. */
  close(): void {
    this.#closed = true
    this.#frames = []
    this.#bytes = 0
    this.#gaps = null
  }

  /** The connection is gone, with all that waits in it. */
  gone(): void {
    this.close()
    this.#terms.backlog.add(-this.#backlog)
    this.#backlog = 0
  }
}

function leaveOut(tally: Tally, why: 'dropped' | 'oversized'): void {
  tally.receivers--
  tally[why]++
}

function schedule(): void {
  if (scheduled) return
  scheduled = true
  setImmediate(serveAll)
}

function serveAll(): void {
  scheduled = false
  for (const box of urgent.splice(0)) box.serve('urgent')
  let served = 0
  for (let spent = 0; spent < TICK && served < patient.length; served++) {
    spent += (patient[served] as Outbox).serve('patient')
  }
  patient.splice(0, served)
  if (patient.length > 0) schedule()
}
