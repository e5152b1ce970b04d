import type { Clock } from '../../base/clock.ts'

/** How far the clocks of router and client may be apart. Milliseconds. */
export const WINDOW = 60_000

/** Signatures that are remembered: 4,000 requests a second. */
const MAX_SEEN = 500_000

/** Sees to it that a signed request is done once: what was signed is remembered while it holds. */
export class Replays {
  readonly #clock: Clock
  /** A signature holds for twice the window at most: those seen before that are forgotten. */
  #before = new Set<string>()
  #seen = new Set<string>()
  #since = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  isTimely(seconds: string): boolean {
    return Math.abs(this.#clock.now() - Number(seconds) * 1000) <= WINDOW
  }

  /** Notes a genuine signature. Undefined: there is no room for it; false: it was there before. */
  isNew(signature: string): boolean | undefined {
    const now = this.#clock.now()
    if (now - this.#since > 2 * WINDOW) {
      this.#before = now - this.#since > 4 * WINDOW ? new Set() : this.#seen
      this.#seen = new Set()
      this.#since = now
    }
    if (this.#seen.has(signature) || this.#before.has(signature)) return false
    if (this.#seen.size >= MAX_SEEN) return undefined
    this.#seen.add(signature)
    return true
  }
}
