import type { Clock, Timer } from '../../src/base/clock.ts'

/** A clock that goes on only when told to. */
export class FakeClock implements Clock {
  #now = 0
  readonly #timers = new Set<{ at: number; period: number | null; run: () => void }>()

  now(): number {
    return this.#now
  }

  elapsed(): number {
    return this.#now
  }

  after(delay: number, run: () => void): Timer {
    return this.#add(delay, null, run)
  }

  every(period: number, run: () => void): Timer {
    return this.#add(period, period, run)
  }

  #add(delay: number, period: number | null, run: () => void): Timer {
    const timer = { at: this.#now + delay, period, run }
    this.#timers.add(timer)
    return { cancel: () => this.#timers.delete(timer) }
  }

  /** Lets time pass; timers run when they are due, in their order. */
  pass(time: number): void {
    const end = this.#now + time
    for (;;) {
      const [next] = [...this.#timers].sort((a, b) => a.at - b.at)
      if (next === undefined || next.at > end) break
      this.#now = next.at
      if (next.period === null) this.#timers.delete(next)
      else next.at += next.period
      next.run()
    }
    this.#now = end
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.size
  }
}
