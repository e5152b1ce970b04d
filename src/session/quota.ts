import type { Clock } from '../base/clock.ts'
import type { Limits } from '../realm/limits.ts'

/**
 * A token bucket, which looks at the clock only when it is empty. Who has kept to the rate is never
 * refused; in any time, no more is taken than the rate gives in it and twice what the bucket holds.
 */
export class Bucket {
  readonly #clock: Clock
  /** A millisecond. */
  readonly #rate: number
  readonly #capacity: number
  #left: number
  #filled: number
  #isOverdrawn = false

  /** `rate` a second. */
  constructor(clock: Clock, rate: number, capacity: number) {
    this.#clock = clock
    this.#rate = rate / 1000
    this.#capacity = capacity
    this.#left = capacity
    this.#filled = clock.now()
  }

  /** Takes an amount out; false where that is more than there was. It is owed then. */
  take(amount: number): boolean {
    this.#left -= amount
    return this.#left >= 0 || this.#fill(amount)
  }

  /** More was owed than the bucket holds, before what was taken last in vain. */
  get isOverdrawn(): boolean {
    return this.#isOverdrawn
  }

  /** Fills it as if that had been done before the amount was taken. */
  #fill(amount: number): boolean {
    const now = this.#clock.now()
    // The clock may have been set back.
    const gained = Math.max(0, now - this.#filled) * this.#rate
    const had = Math.min(this.#left + amount + gained, this.#capacity)
    this.#filled = now
    this.#left = had - amount
    this.#isOverdrawn = had < -this.#capacity
    return this.#left >= 0
  }
}

/** What a session may send: messages and bytes, by its limits of now. */
export class Quota {
  readonly limits: Limits
  readonly #messages: Bucket | null
  readonly #bytes: Bucket | null

  constructor(clock: Clock, limits: Limits) {
    const { message_rate, byte_rate, burst } = limits
    this.limits = limits
    this.#messages = bucketOf(clock, message_rate, burst)
    this.#bytes = bucketOf(clock, byte_rate, burst)
  }

  /**
   * Counts a message of `size` bytes: it is within the limits, over them or, where as much as may
   * come at once has come in vain, part of a flood.
   */
  count(size: number): 'within' | 'over' | 'flood' {
    const isWithin = this.#messages?.take(1) ?? true
    // Both are asked: what one refuses counts in the other.
    if ((this.#bytes?.take(size) ?? true) && isWithin) return 'within'
    return this.#messages?.isOverdrawn || this.#bytes?.isOverdrawn ? 'flood' : 'over'
  }
}

function bucketOf(clock: Clock, rate: number, burst: number): Bucket | null {
  if (rate === 0) return null
  // Of what is rarer than once in a burst, one may come all the same.
  return new Bucket(clock, rate, Math.max(1, (rate * burst) / 1000))
}
