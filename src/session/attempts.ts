import type { Clock } from '../base/clock.ts'

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

const LOOPBACK = 'loopback'

/** Who gets an IPv6 address gets 2 ** 64 of them: they count as one. IPv4 may come as IPv6. */
function networkOf(address: string): string {
  if (!address.includes(':')) return /^127\./.test(address) ? LOOPBACK : address
  const groups = groupsOf(address)
  const [a, b] = groups.slice(6) as [number, number]
  const isMapped = groups.slice(0, 6).join() === '0,0,0,0,0,65535'
  if (isMapped) return networkOf([a >> 8, a & 255, b >> 8, b & 255].join('.'))
  if (groups.join() === '0,0,0,0,0,0,0,1') return LOOPBACK
  return groups.slice(0, 4).join()
}

/** The eight numbers of an IPv6 address, however it is written. */
function groupsOf(address: string): number[] {
  const hex = address.replace(/%.*/, '').replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...octets) => {
    const [a, b, c, d] = octets.slice(0, 4).map(Number) as [number, number, number, number]
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  })
  const [head = '', tail] = hex.split('::')
  const parse = (text: string) => (text === '' ? [] : text.split(':').map(one => parseInt(one, 16)))
  if (tail === undefined) return parse(head)
  const [before, after] = [parse(head), parse(tail)]
  return [...before, ...new Array(Math.max(0, 8 - before.length - after.length)).fill(0), ...after]
}
