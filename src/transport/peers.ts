import { AsyncLocalStorage } from 'node:async_hooks'
import type { Server, Socket } from 'node:net'
import { plainAddress, UNIX } from '../base/client-address.ts'
import { before, peek } from './peek.ts'
import { readProxyHeader } from './proxy-protocol.ts'
import type { Address, Site } from './transport.ts'

/** Where the connections of a port come from. */
export class Peers {
  readonly #isUnix: boolean
  /** What proxies said. A connection is known by its ends, as TLS hides the socket below it. */
  readonly #told = new Map<unknown, string>()
  /** What was said of the connection below TLS: that of a unix socket has no ends to know it by. */
  readonly #below = new AsyncLocalStorage<string>()

  constructor({ socket }: Pick<Address, 'socket'> = {}) {
    this.#isUnix = socket !== undefined
  }

  /** The address that a connection comes from; empty where it is gone already. */
  of(socket: Socket): string {
    return this.#told.get(keyOf(socket)) ?? this.#addressOf(socket)
  }

  /** Has each connection of a server begin with a header of the PROXY protocol. */
  behindProxy(server: Server, site: Site): void {
    before(server, 'connection', (socket, go) => {
      const peer = this.#addressOf(socket)
      if (!site.trusted.has(peer)) {
        // Proxies that look whether somebody is there may be gone already.
        if (peer !== '') site.count('refused_proxies')
        socket.destroy()
        return
      }
      const look = (bytes: Buffer) => {
        const header = readProxyHeader(bytes)
        if (header === 'more') return 'more'
        if (header === 'unsound') {
          site.count('refused_proxies')
          return 'none'
        }
        const { length, address } = header
        if (address === undefined) return { skip: length, go }
        this.#tell(socket, address)
        return { skip: length, go: () => this.#below.run(address, go) }
      }
      peek(socket, site.handshakeTimeout, look, () => site.count('silent'))
    })
    if (!this.#isUnix) return
    server.prependListener('secureConnection', (socket: Socket) => {
      const address = this.#below.getStore()
      if (address !== undefined) this.#tell(socket, address)
    })
  }

  #tell(socket: Socket, address: string): void {
    const key = keyOf(socket)
    this.#told.set(key, address)
    socket.once('close', () => this.#told.delete(key))
  }

  #addressOf({ remoteAddress }: Socket): string {
    return this.#isUnix ? UNIX : plainAddress(remoteAddress ?? '')
  }
}

function keyOf(socket: Socket): unknown {
  const { remoteAddress, remotePort, localAddress } = socket
  return remotePort === undefined ? socket : `${remoteAddress} ${remotePort} ${localAddress}`
}
