import type { Clock, Timer } from './base/clock.ts'
import type { Log } from './base/log.ts'
import type { Backlog } from './delivery/backlog.ts'

/** A client, as who is short of memory sees it. */
export interface Reader {
  /** Bytes that are held for it. */
  readonly waiting: number
  /** Cuts it off; what waits for it is gone. */
  cut(): void
}

export interface MemoryParts {
  readonly clock: Clock
  readonly log: Log
  readonly backlog: Backlog
  readonly readers: Iterable<Reader>
  /** Resident bytes of the process. */
  readonly rss?: () => number
}

/** How often the process's memory is looked up. Milliseconds. */
const PERIOD = 500
/** The share of the limit from which on no session is opened any more. */
const FIRST_MARK = 0.9
/** To cut off who has less waiting frees nothing to speak of. Bytes. */
const WORTH_CUTTING = 64 << 10

/**
 * Keeps the process below a limit: near it new sessions are refused, beyond it the readers for whom
 * most waits are cut off. What waits is known at any time, the rest by looking it up now and then.
 * Freed memory often stays with the process, and is used again before more is taken: so what is
 * beside the queues is reckoned from when they were longest.
 */
export class Memory {
  readonly #parts: MemoryParts
  readonly #rss: () => number
  readonly #timer: Timer
  #limit: number
  /** Memory beside the queues: bytes. */
  #rest = 0
  /** What was resident when the queues were longest, since a good part of it was given back. */
  #peak = { rss: 0, queued: 0 }
  #lastRss = 0
  #isDue = false
  #wasShort = false

  /** `limit` in bytes. */
  constructor(parts: MemoryParts, limit: number) {
    this.#parts = parts
    this.#rss = parts.rss ?? process.memoryUsage.rss
    this.#limit = limit
    parts.backlog.onMark = () => this.#lookSoon()
    this.#timer = parts.clock.every(PERIOD, () => this.#look())
    this.#look()
  }

  set limit(bytes: number) {
    this.#limit = bytes
    this.#look()
  }

  get hasRoom(): boolean {
    return this.#used < this.#limit * FIRST_MARK
  }

  stop(): void {
    this.#timer.cancel()
  }

  get #used(): number {
    return this.#rest + this.#parts.backlog.bytes
  }

  /** Once the messages at hand are sent: those who send them must not see connections go. */
  #lookSoon(): void {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      this.#look()
    })
  }

  /** What is resident now or, where no file descriptor is left to look it up with, was before. */
  #lookUp(): number {
    try {
      this.#lastRss = this.#rss()
    } catch {
      // It is looked up again soon.
    }
    return this.#lastRss
  }

  #look(): void {
    const { backlog, log } = this.#parts
    const rss = this.#lookUp()
    const queued = backlog.bytes
    if (queued > this.#peak.queued || rss < this.#peak.rss * FIRST_MARK) {
      this.#peak = { rss, queued }
    }
    this.#rest = Math.max(rss - this.#peak.queued, 0)
    const isShort = !this.hasRoom
    if (isShort !== this.#wasShort) {
      const facts = { rss, queued, limit: this.#limit }
      if (isShort) log.warn(facts, 'memory is short: no new sessions')
      else log.info(facts, 'memory is no longer short')
    }
    this.#wasShort = isShort
    const canFit = this.#used <= this.#limit || this.#cutDown(this.#used - this.#limit)
    // Where nothing is to be gained, the timer is soon enough.
    backlog.mark = canFit ? this.#limit - this.#rest : Number.POSITIVE_INFINITY
  }

  /** Cuts off the slowest readers until so many bytes are free; false where that is not enough. */
  #cutDown(bytes: number): boolean {
    const slow = [...this.#parts.readers].filter(({ waiting }) => waiting >= WORTH_CUTTING)
    slow.sort((a, b) => b.waiting - a.waiting)
    let toFree = bytes
    for (const reader of slow) {
      if (toFree <= 0) break
      toFree -= reader.waiting
      reader.cut()
    }
    return toFree <= 0
  }
}
