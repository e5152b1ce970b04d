import type { Serializer } from '../serializer/serializer.ts'
import type { Address } from './address.ts'

/** How a connection has ended. */
export interface Closed {
  /** The close code of a WebSocket, 1006 where it broke; RawSocket has none. */
  readonly code: number | undefined
  /** The router's words, or why it broke; empty where nobody says. */
  readonly reason: string
}

/** Who is told what comes over a connection. */
export interface Ears {
  /** The payload of a frame, which is the hearer's to keep; RawSocket does not tell text from bytes. */
  frame(bytes: Buffer, binary?: boolean): void
  ended(closed: Closed): void
}

/** A connection that is open: frames of WebSocket or RawSocket. */
export interface Carrier {
  /** The longest message that the router takes, where it says so: bytes. */
  readonly maxSend: number
  /** Bytes that the router has not taken yet. */
  readonly waiting: number
  /** Sends a frame with a message. */
  send(frame: Uint8Array, binary: boolean): void
  /** Sends bytes as they are, beside all frames. */
  write(bytes: Uint8Array): void
  /** Reads nothing more from the network for a while. */
  pause(): void
  resume(): void
  close(code: number, reason: string): void
  terminate(): void
}

export interface TlsOptions {
  /** Authorities to trust in place of those of the system: PEM. */
  readonly ca?: string
  /** The client's own certificate and its key: PEM. */
  readonly cert?: string
  readonly key?: string
  /** Whoever answers is trusted. */
  readonly insecure?: boolean
}

export interface CarrierOptions {
  readonly serializer: Serializer
  readonly tls: TlsOptions
  /** The longest message that is taken: bytes. */
  readonly maxMessageSize: number
  /** Ends the attempt to connect. */
  readonly signal: AbortSignal
}

/** Opens a connection. Rejects with what Node or `ws` say, and with the signal's reason. */
export type Dial<To extends Address = Address> = (
  address: To,
  options: CarrierOptions,
  ears: Ears,
) => Promise<Carrier>

/** Silence after which the system asks whether the router is still there: ms. */
export const SILENCE = 10_000

/** What `node:tls` and `node:https` take. */
export function nodeTls({ insecure = false, ...files }: TlsOptions): object {
  return { ...files, rejectUnauthorized: !insecure }
}
