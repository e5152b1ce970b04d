import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { ClientCertificate } from '../base/origin.ts'
import { writeFrames } from './gather.ts'
import { listenTcp } from './tcp.ts'
import { certificateOfClient } from './tls.ts'
import type { Connection, Listen, Receiver, Site } from './transport.ts'

/** A connection whose bytes are a protocol of their own, without frames of the transport. */
class StreamConnection implements Connection {
  readonly kind: string
  readonly remote: string
  readonly secure: boolean
  readonly certificate: ClientCertificate | null
  /** Called when bytes that waited have left. */
  onDrained: () => void = () => {}
  readonly #socket: Socket
  /** Takes the peer for alive. */
  readonly #vouch: () => void

  constructor(socket: Socket, kind: string, remote: string, vouch: () => void) {
    this.#socket = socket
    this.kind = kind
    this.remote = remote
    this.secure = socket instanceof TLSSocket
    this.certificate = socket instanceof TLSSocket ? certificateOfClient(socket) : null
    this.#vouch = vouch
  }

  get buffered(): number {
    return this.#socket.writableLength
  }

  write(frames: readonly Uint8Array[]): void {
    if (this.#socket.writable) writeFrames(this.#socket, frames, noHeader, this.onDrained)
  }

  /** The system watches the connection: a stream has no pings. */
  ping(): void {
    this.#vouch()
  }

  close(): void {
    this.#socket.end()
  }

  terminate(): void {
    this.#socket.destroy()
  }
}

const noHeader = (_: Buffer, at: number) => at

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
  connection.onDrained = () => receiver.drained()
  socket.on('drain', connection.onDrained)
  // The peer has ended its half, and with it the session; the rest of ours goes out.
  socket.on('end', () => receiver.farewell(1000, 'the peer has left'))
  socket.on('close', () => receiver.closed())
}

/** The transport for a protocol of bytes, such as STOMP. */
export const listenStream: Listen = listenTcp(serveStream)
