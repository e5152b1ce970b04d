import type { Batching } from '../serializer/batched.ts'
import type { Receiver } from '../transport/transport.ts'
import type { Link } from './link.ts'

/** What a connection gets of one turn of the event loop for its batches. Milliseconds. */
const SLICE = 10
/** What it gets where its batches come faster than that. Milliseconds. */
const LONG_SLICE = 100
/** Messages between two looks at the clock. */
const STRIDE = 8
/** Bytes of frames that may wait behind the one that is being worked off. */
const MAX_WAITING = 16 << 20

/**
 * Gives a link the messages of batches, over several turns of the event loop where they take long: a
 * small frame can hold thousands of calls. Frames that come meanwhile wait behind.
 */
export class BatchReader implements Receiver {
  readonly #link: Link
  readonly #batching: Batching
  readonly #binary: boolean
  readonly #now: () => number
  /** What is left of a frame, and frames behind it. */
  readonly #waiting: Uint8Array[] = []
  /** Their bytes. */
  #bytes = 0
  #isScheduled = false

  /** `now` gives milliseconds. */
  constructor(link: Link, batching: Batching, binary: boolean, now = () => performance.now()) {
    this.#link = link
    this.#batching = batching
    this.#binary = binary
    this.#now = now
  }

  bytes(frame: Uint8Array, binary: boolean): void {
    // The link says that it is of the wrong kind.
    if (binary !== this.#binary) this.#link.bytes(frame, binary)
    else if (this.#waiting.length > 0) this.#queue(frame)
    else {
      const rest = this.#work(frame, this.#now() + SLICE)
      if (rest !== null) this.#keep(rest)
    }
  }

  unfinished(size: number): boolean {
    return this.#link.unfinished(size)
  }

  drained(): void {
    this.#link.drained()
  }

  alive(): void {
    this.#link.alive()
  }

  farewell(code: number, reason: string): void {
    this.#link.farewell(code, reason)
  }

  /** A client may send a batch and go at once. */
  closed(): void {
    this.#workOff(LONG_SLICE)
    this.#drop()
    this.#link.closed()
  }

  #queue(frame: Uint8Array): void {
    this.#link.alive()
    if (this.#isOver(frame)) this.#workOff(LONG_SLICE)
    if (this.#isOver(frame)) {
      this.#drop()
      this.#link.farewell(1008, 'batches come faster than they can be worked off')
    } else this.#keep(frame)
  }

  #isOver({ length }: Uint8Array): boolean {
    const head = this.#waiting[0]?.length ?? 0
    return this.#bytes - head + length > MAX_WAITING
  }

  /** Keeps a frame, whose bytes are valid only now, for the next turns. */
  #keep(frame: Uint8Array): void {
    if (this.#link.isDeaf) return
    // Not slice(): a Buffer's gives a view.
    this.#waiting.push(new Uint8Array(frame))
    this.#count(frame.length)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.length === 0) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#workOff(SLICE)
      this.#schedule()
    })
  }

  #workOff(time: number): void {
    const until = this.#now() + time
    while (this.#waiting.length > 0) {
      const frame = this.#waiting[0] as Uint8Array
      const rest = this.#work(frame, until)
      if (this.#link.isDeaf) this.#drop()
      else if (rest === null) {
        this.#waiting.shift()
        this.#count(-frame.length)
        if (this.#now() >= until) return
      } else {
        this.#waiting[0] = rest
        this.#count(rest.length - frame.length)
        return
      }
    }
  }

  /** Gives the link messages of a frame until that time, and then what is left of it, or null. */
  #work(frame: Uint8Array, until: number): Uint8Array | null {
    const link = this.#link
    let left = STRIDE
    let rest = frame.length
    const fault = this.#batching.split(frame, (message, next) => {
      link.bytes(message, this.#binary)
      if (link.isDeaf) return false
      if (--left > 0) return true
      left = STRIDE
      if (this.#now() < until) return true
      rest = next
      return false
    })
    if (fault !== undefined) link.violated(fault)
    return rest < frame.length ? frame.subarray(rest) : null
  }

  #drop(): void {
    this.#waiting.length = 0
    this.#count(-this.#bytes)
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    this.#link.hold(bytes)
  }
}
