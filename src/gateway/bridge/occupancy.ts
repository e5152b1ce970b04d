/** Programs of this machine, or a proxy before all clients. */
const OWN = /^(?:127\.|::1$|unix$)/

/** How many requests are open, and from where. */
export class Occupancy {
  readonly #byAddress = new Map<string, number>()
  all = 0

  /** Those of an address; none where it is one of this machine. */
  of(address: string): number {
    return this.#byAddress.get(address) ?? 0
  }

  enter(address: string): void {
    this.all++
    if (!OWN.test(address)) this.#byAddress.set(address, this.of(address) + 1)
  }

  leave(address: string): void {
    this.all--
    const left = this.of(address) - 1
    if (left > 0) this.#byAddress.set(address, left)
    else this.#byAddress.delete(address)
  }
}
