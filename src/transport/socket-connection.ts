import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { ClientCertificate } from '../base/origin.ts'
import { type WriteHeader, writeFrames } from './gather.ts'
import { certificateOfClient } from './tls.ts'
import type { Connection, Receiver } from './transport.ts'

/** A connection on a socket of Node's own; how its frames begin is its protocol's. */
export abstract class SocketConnection implements Connection {
  abstract readonly kind: string
  readonly remote: string
  readonly secure: boolean
  readonly certificate: ClientCertificate | null
  protected readonly socket: Socket
  /** Called when bytes that waited have left. */
  #onDrained: () => void = () => {}

  constructor(socket: Socket, remote: string) {
    this.socket = socket
    this.remote = remote
    this.secure = socket instanceof TLSSocket
    this.certificate = socket instanceof TLSSocket ? certificateOfClient(socket) : null
  }

  protected abstract readonly header: WriteHeader

  abstract ping(): void

  /** Has a receiver hear what becomes of the connection; what comes over it is the protocol's to read. */
  attend(receiver: Receiver): void {
    this.#onDrained = () => receiver.drained()
    this.socket.on('drain', this.#onDrained)
    // The peer has ended its half, and with it the session; the rest of ours goes out.
    this.socket.on('end', () => receiver.farewell(1000, 'the peer has left'))
    this.socket.on('close', () => receiver.closed())
  }

  get buffered(): number {
    return this.socket.writableLength
  }

  write(frames: readonly Uint8Array[]): void {
    if (this.socket.writable) writeFrames(this.socket, frames, this.header, this.#onDrained)
  }

  close(): void {
    this.socket.end()
  }

  terminate(): void {
    this.socket.destroy()
  }
}
