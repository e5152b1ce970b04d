import type { Peer } from '../delivery/outlet.ts'
import { PatternIndex } from '../match/patterns.ts'
import type { Match } from '../match/uri.ts'

/** A procedure, or a pattern of procedures, and the session that serves it. */
export interface Registration {
  /** Router scope; never given again. */
  readonly id: number
  readonly uri: string
  readonly match: Match
  readonly callee: Peer
}

/** All registrations of a realm. */
export class Registrations {
  readonly index: PatternIndex<Registration> = new PatternIndex()
  readonly #byId = new Map<number, Registration>()
  readonly #held = new Map<Peer, Set<Registration>>()
  #lastId = 0

  get(id: number): Registration | undefined {
    return this.#byId.get(id)
  }

  /** A new registration, or undefined where the pattern has one. */
  add(callee: Peer, match: Match, uri: string): Registration | undefined {
    if (this.index.get(match, uri) !== undefined) return undefined
    const registration = { id: ++this.#lastId, uri, match, callee }
    this.index.set(match, uri, registration)
    this.#byId.set(registration.id, registration)
    let held = this.#held.get(callee)
    if (held === undefined) {
      held = new Set()
      this.#held.set(callee, held)
    }
    held.add(registration)
    return registration
  }

  /** True of a session that has a registration. */
  holds(callee: Peer): boolean {
    return this.#held.has(callee)
  }

  remove(registration: Registration): void {
    this.#drop(registration)
    const held = this.#held.get(registration.callee)
    held?.delete(registration)
    if (held?.size === 0) this.#held.delete(registration.callee)
  }

  removeAll(callee: Peer): void {
    for (const registration of this.#held.get(callee) ?? []) this.#drop(registration)
    this.#held.delete(callee)
  }

  #drop(registration: Registration): void {
    this.index.delete(registration.match, registration.uri)
    this.#byId.delete(registration.id)
  }
}
