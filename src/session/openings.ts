/** The connections of an entrance that have no session yet: not more than a number of them. */
export class Openings {
  readonly #max: () => number
  readonly #open = new Set<unknown>()

  constructor(max: () => number) {
    this.#max = max
  }

  /** Takes a connection in; false: there are too many. */
  enter(link: unknown): boolean {
    if (this.#open.size >= this.#max()) return false
    this.#open.add(link)
    return true
  }

  /** It has a session now, or is gone. */
  leave(link: unknown): void {
    this.#open.delete(link)
  }
}
