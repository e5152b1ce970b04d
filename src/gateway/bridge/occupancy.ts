import { Counts } from '../../base/counts.ts'
import { LOOPBACK, networkOf } from '../../base/network.ts'

/** How many requests are open, and from where. */
export class Occupancy {
  readonly #byNetwork = new Counts()
  all = 0

  /** Those of an address, or its network of IPv6; none where it is one of this machine. */
  of(address: string): number {
    const network = networkOf(address)
    // Programs of this machine, or a proxy before all clients.
    return network === LOOPBACK ? 0 : this.#byNetwork.of(network)
  }

  enter(address: string): void {
    this.all++
    this.#byNetwork.add(networkOf(address), 1)
  }

  leave(address: string): void {
    this.all--
    this.#byNetwork.add(networkOf(address), -1)
  }
}
