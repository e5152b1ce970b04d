import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import type { Clock, Timer } from '../base/clock.ts'
import { Histogram } from '../traffic/histogram.ts'

/** How often it is looked how late the event loop is. Milliseconds. */
const PERIOD = 20
/** What is told of late are the last so many milliseconds, or up to twice as many. */
const WINDOW = 5000

/** Of the last few seconds, in milliseconds. */
export interface RecentDelay {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/**
 * How late the event loop comes to what is due: a timer's delay beyond its period. As each reader of
 * Node's own monitor would have to reset it, this one counts on, and forgets what is old by itself.
 */
export class LoopDelay {
  /** Since the start. */
  readonly all: Histogram = new Histogram()
  readonly #clock: Clock
  readonly #timers: readonly Timer[]
  #last: number
  /** The young one becomes the old one after each window; the old one is read. Microseconds. */
  #young = fresh()
  #old = this.#young

  constructor(clock: Clock) {
    this.#clock = clock
    this.#last = clock.elapsed()
    this.#timers = [
      clock.every(PERIOD, () => this.#look()),
      clock.every(WINDOW, () => this.#forget()),
    ]
  }

  get recent(): RecentDelay {
    if (this.#old.count === 0) return { p50: 0, p99: 0, max: 0 }
    const [p50, p99] = [this.#old.percentile(50), this.#old.percentile(99)]
    return { p50: p50 / 1000, p99: p99 / 1000, max: this.#old.max / 1000 }
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel()
  }

  #look(): void {
    const now = this.#clock.elapsed()
    const late = Math.max(now - this.#last - PERIOD, 0)
    this.#last = now
    this.all.observe(late / 1000)
    const microseconds = Math.max(Math.round(late * 1000), 1)
    this.#young.record(microseconds)
    if (this.#old !== this.#young) this.#old.record(microseconds)
  }

  #forget(): void {
    this.#old = this.#young
    this.#young = fresh()
  }
}

function fresh(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: 600_000_000, figures: 2 })
}
