import type { Peer } from '../delivery/outlet.ts'
import type { Invoke } from '../protocol/invoke.ts'
import type { Endpoint, Registration } from './registrations.ts'

/** Endpoints that already had the call; null for none. */
type Tried = ReadonlySet<Endpoint> | null
type Policy = (
  registration: Registration,
  tried: Tried,
  caller: Peer,
  random: () => number,
) => Endpoint | undefined

const POLICIES: Record<Invoke, Policy> = {
  single: ({ endpoints }, tried) => endpoints[scan(endpoints, 0, 1, tried)],
  first: ({ endpoints }, tried) => endpoints[scan(endpoints, 0, 1, tried)],
  last: ({ endpoints }, tried) => endpoints[scan(endpoints, endpoints.length - 1, -1, tried)],
  roundrobin: nextInRound,
  random({ endpoints }, tried, _, random) {
    const drawn = endpoints[Math.floor(random() * endpoints.length)]
    if (drawn === undefined || isWilling(drawn, tried)) return drawn
    const willing = endpoints.filter(endpoint => isWilling(endpoint, tried))
    return willing[Math.floor(random() * willing.length)]
  },
  _least_pending({ endpoints }, tried) {
    let least: Endpoint | undefined
    for (const endpoint of endpoints) {
      if (least !== undefined && endpoint.pending >= least.pending) continue
      if (isWilling(endpoint, tried)) least = endpoint
    }
    return least
  },
  /** The one that the caller had before, while it is there; else the next in the round. */
  _sticky(registration, tried, caller) {
    registration.given ??= new WeakMap()
    const given = registration.given.get(caller)
    if (given !== undefined && !given.gone && !tried?.has(given)) {
      return isWilling(given, tried) ? given : undefined
    }
    const next = nextInRound(registration, tried)
    if (next !== undefined) registration.given.set(caller, next)
    return next
  },
}

/** The endpoint that a call goes to; undefined where none of them can take it now. */
export function choose(
  registration: Registration,
  tried: Tried,
  caller: Peer,
  random: () => number,
): Endpoint | undefined {
  return POLICIES[registration.invoke](registration, tried, caller, random)
}

function isWilling(endpoint: Endpoint, tried: Tried): boolean {
  return endpoint.pending < endpoint.concurrency && (tried === null || !tried.has(endpoint))
}

function nextInRound(registration: Registration, tried: Tried): Endpoint | undefined {
  const { endpoints, next } = registration
  const at = scan(endpoints, next % endpoints.length, 1, tried)
  if (at >= 0) registration.next = at + 1
  return endpoints[at]
}

/** The place of the first willing one from a place on, once around; -1 where there is none. */
function scan(endpoints: readonly Endpoint[], from: number, step: 1 | -1, tried: Tried): number {
  const count = endpoints.length
  for (let i = 0; i < count; i++) {
    const at = (from + i * step + count) % count
    if (isWilling(endpoints[at] as Endpoint, tried)) return at
  }
  return -1
}
