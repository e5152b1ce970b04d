import { PAYLOAD_SIZE_EXCEEDED, PayloadError } from '../protocol/errors.ts'
import type { Message } from '../protocol/messages.ts'
import type { Serializer } from '../serializer/serializer.ts'
import type { Connection } from '../transport/transport.ts'
import type { Outlet } from './outlet.ts'
import type { SharedMessage } from './shared-message.ts'

/** The half of a connection that an outbox needs. */
type Sink = Pick<Connection, 'buffered' | 'write' | 'maxSend'>

/** Those that have something for their session alone: they are emptied when the tick ends. */
const urgent: Outbox[] = []
/** Those that have events only. When they are many they are emptied over several ticks. */
const patient: Outbox[] = []
let scheduled = false

/** Patient outboxes that a tick empties: writes cost most of what a fan-out does. */
const WRITES = 500

/**
 * What waits to leave over one connection. All that a tick has for it goes out together when the
 * tick ends: a call costs a quarter of what it does when each message is written at once. As
 * everything takes this way, nothing overtakes.
 */
export class Outbox implements Outlet {
  readonly serializer: Serializer
  readonly #sink: Sink
  /** Bytes that may wait here and in the connection. */
  readonly #limit: number
  readonly #overflow: () => void
  /** The receiver takes no frame of more bytes. */
  readonly #maxSend: number
  readonly #oversized: () => void
  #frames: Uint8Array[] = []
  #bytes = 0
  #backlog = 0
  #closed = false
  #isUrgent = false
  #isPatient = false

  constructor(
    sink: Sink,
    serializer: Serializer,
    limit: number,
    overflow: () => void,
    oversized: () => void = () => {},
  ) {
    this.#sink = sink
    this.serializer = serializer
    this.#limit = limit
    this.#overflow = overflow
    this.#oversized = oversized
    this.#maxSend = sink.maxSend ?? Number.POSITIVE_INFINITY
  }

  /** Throws PayloadError where the message cannot be written, or is longer than its receiver takes. */
  send(message: Message): void {
    const frame = this.serializer.encode(message)
    if (this.#isTooLong(frame)) {
      const text = `the receiver takes messages of at most ${this.#maxSend} bytes`
      throw new PayloadError(text, PAYLOAD_SIZE_EXCEEDED)
    }
    if (!this.#push(frame) || this.#isUrgent) return
    this.#isUrgent = true
    urgent.push(this)
    schedule()
  }

  /** An event that is longer than its receiver takes is left out: the others are to have it. */
  share(message: SharedMessage): void {
    const frame = message.bytes(this.serializer)
    if (this.#isTooLong(frame)) return
    if (!this.#push(frame) || this.#isUrgent || this.#isPatient) return
    this.#isPatient = true
    patient.push(this)
    schedule()
  }

  #isTooLong(frame: Uint8Array): boolean {
    if (frame.length <= this.#maxSend) return false
    this.#oversized()
    return true
  }

  /** False where nothing can be sent any more. */
  #push(frame: Uint8Array): boolean {
    if (this.#closed) return false
    this.#bytes += frame.length
    if (this.#bytes + this.#backlog > this.#limit) {
      this.close()
      this.#overflow()
      return false
    }
    this.#frames.push(frame)
    return true
  }

  /** Writes what waits, now. */
  flush(): void {
    if (this.#frames.length === 0) return
    const frames = this.#frames
    this.#frames = []
    this.#bytes = 0
    this.#sink.write(frames)
    this.#backlog = this.#sink.buffered
  }

  /** Its turn has come among those of its kind; it may be waiting among the others, too. */
  serve(among: 'urgent' | 'patient'): void {
    if (among === 'urgent') this.#isUrgent = false
    else this.#isPatient = false
    this.flush()
  }

  /** The connection has got rid of bytes. */
  drained(): void {
    this.#backlog = this.#sink.buffered
  }

  /** Drops what waits and takes nothing more. */
  close(): void {
    this.#closed = true
    this.#frames = []
    this.#bytes = 0
  }
}

function schedule(): void {
  if (scheduled) return
  scheduled = true
  setImmediate(serveAll)
}

function serveAll(): void {
  scheduled = false
  for (const box of urgent.splice(0)) box.serve('urgent')
  for (const box of patient.splice(0, WRITES)) box.serve('patient')
  if (patient.length > 0) schedule()
}
