/** All that is counted of what goes wrong or is refused, and what each count means. */
export const COUNTED = {
  denied_handshakes: 'clients that were refused before WELCOME',
  expired_polls: 'long-poll sessions that ended because their client polled no more',
  protocol_violations: 'sessions that ended because their client broke the rules',
  refused_polls:
    'long-poll requests that were refused: of no session, of a foreign origin, unsound, too large',
  too_slow: 'sessions that ended because they read too slowly',
} as const

export type Counted = keyof typeof COUNTED

/** Counts of one router, each from 0 at its start. */
export class Counters {
  readonly #counts = new Map<Counted, number>()

  count(what: Counted, by = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + by)
  }

  /** Every count, those of nothing as well. */
  all(): Readonly<Record<Counted, number>> {
    const names = Object.keys(COUNTED) as Counted[]
    const pairs = names.map(name => [name, this.#counts.get(name) ?? 0])
    return Object.fromEntries(pairs) as Record<Counted, number>
  }
}
