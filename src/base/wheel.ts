import type { Clock, Timer } from './clock.ts'

/** How exact a wheel is: what is set expires up to so much late, and never early. Milliseconds. */
const TICK = 10
/** Ticks that one turn makes up for at most: the loop may stall, and people set clocks forward. */
const MAX_TICKS = 200

/** Something set in a wheel. */
export interface WheelTimer<T> {
  readonly item: T
  /** The tick at which it expires. */
  readonly due: number
}

/**
 * Deadlines of many things on one timer, which stops at the first tick that finds nothing set. To
 * set and to clear costs the same however many there are.
 */
export class TimerWheel<T> {
  readonly #clock: Clock
  readonly #expire: (item: T) => void
  /** What is due at each tick; ticks at which nothing is due have no entry. */
  readonly #slots = new Map<number, Set<WheelTimer<T>>>()
  #tick = 0
  /** The time of the last tick. */
  #last = 0
  #timer: Timer | null = null

  constructor(clock: Clock, expire: (item: T) => void) {
    this.#clock = clock
    this.#expire = expire
  }

  /** Sets something to expire in `delay` milliseconds. */
  set(item: T, delay: number): WheelTimer<T> {
    const now = this.#clock.elapsed()
    if (this.#timer === null) {
      this.#last = now
      this.#timer = this.#clock.every(TICK, () => this.#turn())
    }
    const ticks = Math.ceil((now - this.#last + delay) / TICK)
    const timer = { item, due: this.#tick + Math.max(ticks, 1) }
    const slot = this.#slots.get(timer.due)
    if (slot === undefined) this.#slots.set(timer.due, new Set([timer]))
    else slot.add(timer)
    return timer
  }

  /** Calls it off; nothing happens where it has expired. */
  clear(timer: WheelTimer<T>): void {
    const slot = this.#slots.get(timer.due)
    if (slot?.delete(timer) && slot.size === 0) this.#slots.delete(timer.due)
  }

  #turn(): void {
    const now = this.#clock.elapsed()
    const missed = Math.floor((now - this.#last) / TICK)
    for (let ticks = Math.min(missed, MAX_TICKS); ticks > 0; ticks--) {
      this.#last += TICK
      this.#expireSlot(++this.#tick)
    }
    // The clock was set, forward or back: what is left to run is left from here.
    if (missed < 0 || missed > MAX_TICKS) this.#last = now
    if (this.#slots.size > 0) return
    this.#timer?.cancel()
    this.#timer = null
  }

  #expireSlot(tick: number): void {
    const slot = this.#slots.get(tick)
    if (slot === undefined) return
    // What expires may call off another of its tick, which is gone from the slot then.
    for (const timer of slot) {
      slot.delete(timer)
      this.#expire(timer.item)
    }
    this.#slots.delete(tick)
  }
}
