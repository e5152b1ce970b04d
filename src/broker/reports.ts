import type { Peer } from '../delivery/outlet.ts'
import type { Tally } from '../delivery/tally.ts'

/** Publications of a session that are remembered. */
const MAX_REPORTS = 100

/** What became of the publications whose publishers asked for a report: of each the newest ones. */
export class Reports {
  readonly #tallies = new WeakMap<Peer, Map<number, Tally>>()

  open(publisher: Peer, publication: number): Tally {
    const tally = { receivers: 0, dropped: 0, oversized: 0, untranslatable: 0, pending: 0 }
    const tallies = this.#tallies.get(publisher) ?? new Map<number, Tally>()
    this.#tallies.set(publisher, tallies.set(publication, tally))
    const [oldest] = tallies.keys()
    if (tallies.size > MAX_REPORTS) tallies.delete(oldest as number)
    return tally
  }

  /** A session's own publication; undefined where it asked for no report, or long ago. */
  get(publisher: Peer, publication: number): Tally | undefined {
    return this.#tallies.get(publisher)?.get(publication)
  }
}
