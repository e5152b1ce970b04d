/** All that is counted of what goes wrong or is refused, and what each count means. */
export const COUNTED = {
  denied_handshakes: 'clients that were refused before WELCOME',
  protocol_violations: 'sessions that ended because their client broke the rules',
  refused_connections: 'connections that were closed because there were too many',
  refused_sessions: 'clients that were refused because there were too many sessions',
  limits_reached: 'requests that were refused because a session or realm has as much as it may',
  rate_refused: 'messages that were refused because their session sent too much',
  floods: 'sessions that ended because they went on sending too much',
  queues_full: 'sessions that ended because too much waited for their authorizer',
  payloads_refused: 'messages whose payload was larger than its sender may send',
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
