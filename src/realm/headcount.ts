import { Counts } from '../base/counts.ts'

/** Who is counted. */
interface Counted {
  readonly authid: string
  readonly authrole: string
}

/** How many sessions a realm has, and how many have the same role or authid. */
export class Headcount {
  #size = 0
  readonly #byRole = new Counts()
  readonly #byAuthid = new Counts()

  /** All of them. */
  get size(): number {
    return this.#size
  }

  add({ authid, authrole }: Counted): void {
    this.#size++
    this.#byRole.add(authrole, 1)
    this.#byAuthid.add(authid, 1)
  }

  remove({ authid, authrole }: Counted): void {
    this.#size--
    this.#byRole.add(authrole, -1)
    this.#byAuthid.add(authid, -1)
  }

  ofRole(authrole: string): number {
    return this.#byRole.of(authrole)
  }

  ofAuthid(authid: string): number {
    return this.#byAuthid.of(authid)
  }
}
