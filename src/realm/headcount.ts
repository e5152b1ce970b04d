/** Who is counted. */
interface Counted {
  readonly authid: string
  readonly authrole: string
}

/** How many sessions a realm has, and how many have the same role or authid. */
export class Headcount {
  #size = 0
  readonly #byRole = new Map<string, number>()
  readonly #byAuthid = new Map<string, number>()

  /** All of them. */
  get size(): number {
    return this.#size
  }

  add({ authid, authrole }: Counted): void {
    this.#size++
    change(this.#byRole, authrole, 1)
    change(this.#byAuthid, authid, 1)
  }

  remove({ authid, authrole }: Counted): void {
    this.#size--
    change(this.#byRole, authrole, -1)
    change(this.#byAuthid, authid, -1)
  }

  ofRole(authrole: string): number {
    return this.#byRole.get(authrole) ?? 0
  }

  ofAuthid(authid: string): number {
    return this.#byAuthid.get(authid) ?? 0
  }
}

function change(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by
  // Authids come and go without end.
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}
