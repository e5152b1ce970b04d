import type { PatternIndex } from '../match/patterns.ts'
import type { Call } from './call.ts'
import type { Registration } from './registrations.ts'

/** Calls that wait for somebody to register their procedure (`_wait`), the oldest first. */
export class MissingProcedures {
  readonly #waiting = new Map<string, Set<Call>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  add(call: Call): void {
    this.#size++
    const others = this.#waiting.get(call.procedure)
    if (others === undefined) this.#waiting.set(call.procedure, new Set([call]))
    else others.add(call)
  }

  /** Nothing happens where it does not wait here. */
  delete(call: Call): void {
    const calls = this.#waiting.get(call.procedure)
    if (!calls?.delete(call)) return
    this.#size--
    if (calls.size === 0) this.#waiting.delete(call.procedure)
  }

  /** The calls that a new registration may serve. They stay until they are deleted. */
  servedBy(registration: Registration, index: PatternIndex<Registration>): Call[] {
    if (this.#size === 0) return []
    const procedures =
      registration.match === 'exact' ? [registration.uri] : [...this.#waiting.keys()]
    return procedures
      .filter(procedure => index.best(procedure) === registration)
      .flatMap(procedure => [...(this.#waiting.get(procedure) ?? [])])
  }
}
