import { Counts } from '../base/counts.ts'
import { LOOPBACK, networkOf } from '../base/network.ts'

export interface ConnectionLimits {
  /** Connections at a time. */
  readonly maxConnections: number
  /** Of them from one address; 0: as many as it likes. */
  readonly maxPerAddress: number
}

/** The connections of a port: not more than a number of them, nor of one address. */
export class Connections {
  readonly #limits: () => ConnectionLimits
  /** The network that each comes from. */
  readonly #open = new Map<unknown, string>()
  readonly #byNetwork = new Counts()

  constructor(limits: () => ConnectionLimits) {
    this.#limits = limits
  }

  /** Takes a connection in, or says why it is too much. */
  enter(link: unknown, address: string): string | undefined {
    const { maxConnections, maxPerAddress } = this.#limits()
    if (this.#open.size >= maxConnections) return 'too many connections'
    const network = networkOf(address)
    // Programs of this machine, or a proxy before all clients.
    const isLimited = maxPerAddress > 0 && network !== LOOPBACK
    if (isLimited && this.#byNetwork.of(network) >= maxPerAddress) {
      return 'too many connections from this address'
    }
    this.#open.set(link, network)
    this.#byNetwork.add(network, 1)
    return undefined
  }

  /** It is gone; nothing happens where it was too much. */
  leave(link: unknown): void {
    const network = this.#open.get(link)
    if (network === undefined) return
    this.#open.delete(link)
    this.#byNetwork.add(network, -1)
  }
}
