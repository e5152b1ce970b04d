import type { ClientCertificate } from '../base/origin.ts'
import { type Batching, batching } from '../serializer/batched.ts'
import type { Connection, Receiver } from '../transport/transport.ts'
import type { Link } from './link.ts'

/** A connection whose frames are batches, to a link that knows single messages only. */
export class Batched implements Connection {
  readonly #connection: Connection
  readonly #batching: Batching
  readonly #binary: boolean
  readonly protocol: string

  constructor(connection: Connection, protocol: string, binary: boolean) {
    this.#connection = connection
    this.protocol = protocol
    this.#batching = batching(binary)
    this.#binary = binary
  }

  /** Who hears the connection in place of the link. */
  receiver(link: Link): Receiver {
    const take = (message: Uint8Array) => link.bytes(message, this.#binary)
    return {
      bytes: (frame, binary) => {
        // The link says that it is of the wrong kind.
        if (binary !== this.#binary) link.bytes(frame, binary)
        else {
          const fault = this.#batching.split(frame, take)
          if (fault !== undefined) link.violated(fault)
        }
      },
      unfinished: size => link.unfinished(size),
      drained: () => link.drained(),
      alive: () => link.alive(),
      farewell: (code, reason) => link.farewell(code, reason),
      closed: () => link.closed(),
    }
  }

  write(messages: readonly Uint8Array[]): void {
    this.#connection.write(this.#batching.join(messages))
  }

  get kind(): string {
    return this.#connection.kind
  }

  get remote(): string {
    return this.#connection.remote
  }

  get secure(): boolean {
    return this.#connection.secure ?? false
  }

  get certificate(): ClientCertificate | null {
    return this.#connection.certificate ?? null
  }

  get buffered(): number {
    return this.#connection.buffered
  }

  ping(): void {
    this.#connection.ping()
  }

  close(code: number, reason: string): void {
    this.#connection.close(code, reason)
  }

  terminate(): void {
    this.#connection.terminate()
  }
}
