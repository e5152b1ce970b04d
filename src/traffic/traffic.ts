import type { Message } from '../protocol/messages.ts'
import { Histogram } from './histogram.ts'
import { together, type Watch } from './watch.ts'

/** A way that messages take into the router and out of it: one client's connection. */
export interface Passage {
  /** Where the client comes from. */
  readonly remote: string
  /** Whose session it carries; null before WELCOME and after GOODBYE. */
  readonly passenger: Passenger | null
}

export interface Passenger {
  readonly id: number
  readonly authid: string
  readonly authrole: string
  readonly realm: { readonly name: string }
}

/** Sees each message that passes. What it throws would be taken for a fault of the message. */
export interface Tap {
  received(passage: Passage, message: Message, bytes: number): void
  sent(passage: Passage, message: Message, bytes: number): void
}

/** Types of messages go up to 70 (WAMP, "Message Codes and Direction"). */
const TYPES = 72

/** What has passed between a router and its clients since the start. */
export class Traffic {
  /** Messages by type. */
  readonly received: Float64Array = new Float64Array(TYPES)
  readonly sent: Float64Array = new Float64Array(TYPES)
  /** Bytes of messages, without what transports wrap them in. */
  bytesReceived = 0
  bytesSent = 0
  /** How long calls took, from CALL to the RESULT, or the ERROR, that ended them. */
  readonly results: Histogram = new Histogram()
  readonly errors: Histogram = new Histogram()
  /** How long the oldest event of a write to a connection had been on its way, where `timesWrite`. */
  readonly deliveries: Histogram = new Histogram()
  /** Null, as it mostly is: then nothing is to be done but to count. */
  tap: Tap | null = null
  /** The same for what dealers and brokers do. */
  watch: Watch | null = null
  readonly #watches = new Set<Watch>()
  readonly #random: () => number
  /** Writes until one is timed. */
  #untimed = 0

  /** `random` gives from 0 up to, but not, 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  addWatch(watch: Watch): void {
    this.#watches.add(watch)
    this.watch = together([...this.#watches])
  }

  removeWatch(watch: Watch): void {
    this.#watches.delete(watch)
    this.watch = together([...this.#watches])
  }

  /** True of about each eighth write of events: the clock costs up to a tenth of what a write does. */
  timesWrite(): boolean {
    if (--this.#untimed > 0) return false
    // From 1 to 15: of eight subscribers, each eighth would always be the same one.
    this.#untimed = 1 + Math.floor(this.#random() * 15)
    return true
  }

  messageReceived(passage: Passage, message: Message, bytes: number): void {
    count(this.received, message.type)
    this.bytesReceived += bytes
    if (this.tap !== null) this.tap.received(passage, message, bytes)
  }

  messageSent(passage: Passage, message: Message, bytes: number): void {
    count(this.sent, message.type)
    this.bytesSent += bytes
    if (this.tap !== null) this.tap.sent(passage, message, bytes)
  }
}

function count(messages: Float64Array, type: number): void {
  messages[type] = (messages[type] as number) + 1
}
