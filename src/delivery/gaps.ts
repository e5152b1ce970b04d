/** Events of one subscription that a session has not got: it reads too slowly, or they are too long for it. */
export interface Gap {
  readonly subscription: number
  /** The first and the last publication of them. */
  readonly from: number
  to: number
  count: number
}

/** Gaps that a session may have at a time: each is kept until it is told. */
export const MAX_GAPS = 1000

/** The gaps of one session that it does not know of yet, by subscription. */
export class Gaps {
  readonly #gaps = new Map<number, Gap>()

  /** Notes that an event is dropped; false where there are too many gaps. */
  note(subscription: number, publication: number): boolean {
    const gap = this.#gaps.get(subscription)
    if (gap !== undefined) {
      gap.to = publication
      gap.count++
      return true
    }
    if (this.#gaps.size >= MAX_GAPS) return false
    this.#gaps.set(subscription, { subscription, from: publication, to: publication, count: 1 })
    return true
  }

  get(subscription: number): Gap | undefined {
    return this.#gaps.get(subscription)
  }

  /** It is told, or need not be. */
  forget(subscription: number): void {
    this.#gaps.delete(subscription)
  }

  all(): Iterable<Gap> {
    return this.#gaps.values()
  }

  get isEmpty(): boolean {
    return this.#gaps.size === 0
  }
}
