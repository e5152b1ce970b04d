import type { Clock } from '../base/clock.ts'
import { LOOPBACK, networkOf } from '../base/network.ts'

export interface AttemptLimits {
  /** Failures that an address has free; 0: it may fail as often as it likes. */
  readonly maxFailures: number
  /** How long the first failure beyond holds an address back; each further one twice as long. ms. */
  readonly backoff: number
}

/** Addresses that are remembered; beyond it those that failed longest ago are forgotten. */
const MAX_ADDRESSES = 10_000

/** No address is held back longer than this for one failure. Milliseconds. */
const MAX_BACKOFF = 60_000

/** After so long without a failure an address starts anew. Milliseconds. */
const FORGET = 600_000

interface Failures {
  count: number
  last: number
  until: number
}

/** Who has failed to authenticate, by address, and for how long it is held back. */
export class Attempts {
  readonly #clock: Clock
  readonly #limits: () => AttemptLimits
  /** In the order of their last failures. */
  readonly #failures = new Map<string, Failures>()

  constructor(clock: Clock, limits: () => AttemptLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  /** Whether an address has to wait before it tries again. */
  isHeldBack(address: string): boolean {
    if (this.#limits().maxFailures === 0) return false
    return (this.#failures.get(networkOf(address))?.until ?? 0) > this.#clock.now()
  }

  /** An attempt from this address has failed. */
  failed(address: string): void {
    const network = networkOf(address)
    const { maxFailures, backoff } = this.#limits()
    // Programs of this machine, or a proxy before all clients.
    if (network === LOOPBACK || maxFailures === 0) return
    const now = this.#clock.now()
    const before = this.#failures.get(network)
    const count = before === undefined || now - before.last > FORGET ? 1 : before.count + 1
    const beyond = count - maxFailures
    const wait = beyond > 0 ? Math.min(backoff * 2 ** (beyond - 1), MAX_BACKOFF) : 0
    this.#failures.delete(network)
    this.#failures.set(network, { count, last: now, until: now + wait })
    if (this.#failures.size <= MAX_ADDRESSES) return
    const [oldest] = this.#failures.keys()
    this.#failures.delete(oldest as string)
  }
}
