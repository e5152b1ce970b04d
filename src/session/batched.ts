import type { ClientCertificate } from '../base/origin.ts'
import { type Batching, batching } from '../serializer/batched.ts'
import type { Connection, Receiver } from '../transport/transport.ts'
import { BatchReader } from './batch-reader.ts'
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
    return new BatchReader(link, this.#batching, this.#binary)
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
