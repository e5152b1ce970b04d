import type { Socket } from 'node:net'
import { SocketConnection } from './socket-connection.ts'
import { listenTcp } from './tcp.ts'
import type { Listen, Receiver, Site } from './transport.ts'

/** A connection whose bytes are a protocol of their own, without frames of the transport. */
class StreamConnection extends SocketConnection {
  readonly kind: string
  protected readonly header = noHeader
  /** Takes the peer for alive. */
  readonly #vouch: () => void

  constructor(socket: Socket, kind: string, remote: string, vouch: () => void) {
    super(socket, remote)
    this.kind = kind
    this.#vouch = vouch
  }

  /** The system watches the connection: a stream has no pings. */
  ping(): void {
    this.#vouch()
  }
}

function noHeader(_: Buffer, at: number): number {
  return at
}

/** Serves a connection of the protocol that a port speaks. */
function serveStream(socket: Socket, site: Site, remote: string): void {
  const { stream } = site
  socket.on('error', () => socket.destroy())
  // A connection that was accepted just before the port was closed.
  if (stream === undefined || !site.isOpen) {
    socket.destroy()
    return
  }
  const { endpoint, kind } = stream
  const connection = new StreamConnection(socket, kind, remote, () => receiver.alive())
  const receiver: Receiver = endpoint.open(connection, kind)
  socket.on('data', bytes => receiver.bytes(bytes, true))
  connection.attend(receiver)
}

/** The transport for a protocol of bytes, such as STOMP. */
export const listenStream: Listen = listenTcp(serveStream)
