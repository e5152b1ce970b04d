import { isUtf8 } from 'node:buffer'
import { printable } from '../config/problem.ts'
import { PAYLOAD_SIZE_EXCEEDED, PayloadError } from '../protocol/errors.ts'
import type { Message } from '../protocol/messages.ts'
import { json } from '../serializer/json.ts'
import type { Serializer } from '../serializer/serializer.ts'
import { addressIn } from './address.ts'
import type { Carrier, CarrierOptions, Closed, TlsOptions } from './carrier.ts'
import { dialRawSocket } from './rawsocket.ts'
import { RemoteError, whyBroken } from './remote-error.ts'
import { dialWebSocket } from './websocket.ts'

export interface WireOptions {
  /** Default JSON. */
  readonly serializer?: Serializer
  readonly tls?: TlsOptions
  /** The longest message that is taken in bytes: default 16 MiB, the most that RawSocket can say. */
  readonly maxMessageSize?: number
  /** Milliseconds until there must be a connection: default 10 s. */
  readonly timeout?: number
  /** Aborting it ends the attempt to connect, which rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

const TIMEOUT = 10_000
const MAX_MESSAGE_SIZE = 1 << 24
/** How long the router may take to close, once it has been asked to: ms. */
const CLOSE_TIME = 1000
/** Bytes of messages that nobody has read, beyond which the network is read no further. */
const MAX_UNREAD = 4 << 20
/** What a message takes beside its bytes, about. */
const MESSAGE_OVERHEAD = 256

/**
 * Connects to a router, over the transport that the URL names (see addressIn). Rejects with a RemoteError:
 * `address`, `unreachable` or `timeout`.
 */
export async function connect(url: string, options: WireOptions = {}): Promise<Wire> {
  const {
    serializer = json,
    tls = {},
    maxMessageSize = MAX_MESSAGE_SIZE,
    timeout = TIMEOUT,
  } = options
  const address = addressIn(url)
  const late = AbortSignal.timeout(timeout)
  const signal = options.signal === undefined ? late : AbortSignal.any([late, options.signal])
  signal.throwIfAborted()
  const wire = new Wire(url, serializer)
  const carrierOptions: CarrierOptions = { serializer, tls, maxMessageSize, signal }
  try {
    const carrier =
      address.transport === 'websocket'
        ? await dialWebSocket(address, carrierOptions, wire)
        : await dialRawSocket(address, carrierOptions, wire)
    return wire.carriedBy(carrier)
  } catch (error) {
    if (late.aborted) throw new RemoteError('timeout', `${printable(url)} does not answer`)
    if (options.signal?.aborted) throw error
    const why = error instanceof RemoteError ? error.message : whyBroken(error as Error)
    throw new RemoteError('unreachable', `no connection to ${printable(url)}: ${why}`)
  }
}

interface Reader {
  resolve(message: Message): void
  reject(error: RemoteError): void
}

/** A connection to a router that carries messages, sound or not, and knows nothing of sessions. */
export class Wire {
  readonly url: string
  readonly serializer: Serializer
  /** Resolves with how the connection has ended. */
  readonly closed: Promise<Closed>
  /** Why it has ended, from the moment on when it has. */
  failure: RemoteError | undefined
  #carrier: Carrier | undefined
  #onClosed: (closed: Closed) => void = () => {}
  #hear: ((message: Message) => void) | undefined
  #inbox: { readonly message: Message; readonly size: number }[] = []
  #unread = 0
  readonly #readers: Reader[] = []

  constructor(url: string, serializer: Serializer) {
    this.url = url
    this.serializer = serializer
    this.closed = new Promise(resolve => {
      this.#onClosed = resolve
    })
  }

  /** Gives the wire its connection. */
  carriedBy(carrier: Carrier): this {
    this.#carrier = carrier
    // Frames may have come before this turn.
    if (this.failure !== undefined) carrier.terminate()
    else if (this.#unread > MAX_UNREAD) carrier.pause()
    return this
  }

  /** Bytes that the router has not taken yet. */
  get waiting(): number {
    return this.#carrier?.waiting ?? 0
  }

  /**
   * Sends a message. Throws why the wire is closed; and a PayloadError for values that the serializer cannot
   * carry, or for more bytes than the router has said to take.
   */
  send(message: Message): void {
    const frame = this.serializer.encode(message)
    const { maxSend } = this.#open()
    if (frame.length > maxSend) {
      throw new PayloadError(
        `the router takes messages of ${maxSend} bytes at most`,
        PAYLOAD_SIZE_EXCEEDED,
      )
    }
    this.sendFrame(frame)
  }

  /** Sends bytes as if they were a message, in a frame of text or of bytes. */
  sendFrame(bytes: Uint8Array, binary: boolean = this.serializer.binary): void {
    this.#open().send(bytes, binary)
  }

  /** Sends bytes beside all frames: whatever is to be wrong with one. */
  write(bytes: Uint8Array): void {
    this.#open().write(bytes)
  }

  /**
   * The next message. Rejects with a RemoteError: `timeout` when none comes for so many milliseconds; `closed` or
   * `unsound` when none can come any more.
   */
  receive(timeout: number = TIMEOUT): Promise<Message> {
    const next = this.#inbox.shift()
    if (next !== undefined) {
      this.#unread -= next.size
      if (this.#unread <= MAX_UNREAD) this.#carrier?.resume()
      return Promise.resolve(next.message)
    }
    return new Promise((resolve, reject) => {
      if (this.failure !== undefined) return reject(this.failure)
      const settle = () => {
        clearTimeout(timer)
        this.#readers.splice(this.#readers.indexOf(reader), 1)
      }
      const reader: Reader = {
        resolve(message) {
          settle()
          resolve(message)
        },
        reject(error) {
          settle()
          reject(error)
        },
      }
      const late = () =>
        reader.reject(new RemoteError('timeout', 'the router sent nothing in time'))
      const timer = setTimeout(late, timeout)
      this.#readers.push(reader)
    })
  }

  /** Has all messages heard as they come, those first that nobody has received. */
  onMessage(hear: (message: Message) => void): void {
    this.#hear = hear
    for (const { message } of this.#inbox.splice(0)) hear(message)
    this.#unread = 0
    this.#carrier?.resume()
  }

  /** Reads nothing more from the network for a while: what the router sends waits there. */
  pause(): void {
    this.#carrier?.pause()
  }

  resume(): void {
    this.#carrier?.resume()
  }

  /** Closes the connection, with a code and reason where it is a WebSocket; resolves when it is closed. */
  async close(code = 1000, reason = ''): Promise<Closed> {
    this.failure ??= new RemoteError('closed', 'the connection was closed from here')
    this.#carrier?.close(code, reason)
    // Else nobody would hear that the router closes, too.
    this.#carrier?.resume()
    const timer = setTimeout(() => this.terminate(), CLOSE_TIME)
    const closed = await this.closed
    clearTimeout(timer)
    return closed
  }

  /** Cuts the connection off. */
  terminate(): void {
    this.#carrier?.terminate()
  }

  frame(bytes: Buffer, binary?: boolean): void {
    if (this.failure !== undefined) return
    const message = this.#decoded(bytes, binary)
    if (message === undefined) return
    const [reader] = this.#readers
    if (this.#hear !== undefined) this.#hear(message)
    else if (reader !== undefined) reader.resolve(message)
    else this.#keep(message, bytes.length)
  }

  #keep(message: Message, length: number): void {
    const size = length + MESSAGE_OVERHEAD
    this.#inbox.push({ message, size })
    this.#unread += size
    if (this.#unread > MAX_UNREAD) this.#carrier?.pause()
  }

  ended(closed: Closed): void {
    const { code = '', reason } = closed
    const more = `${code} ${printable(reason, 200)}`.trim()
    const text = `the connection to the router has ended${more === '' ? '' : `: ${more}`}`
    this.#fail(new RemoteError('closed', text))
    this.#onClosed(closed)
  }

  #decoded(bytes: Buffer, binary?: boolean): Message | undefined {
    try {
      if (binary !== undefined && binary !== this.serializer.binary) {
        throw new Error(`a frame of ${binary ? 'bytes' : 'text'}`)
      }
      // The reader takes it for granted.
      if (!this.serializer.binary && !isUtf8(bytes)) throw new Error('it is no UTF-8')
      return this.serializer.decode(bytes)
    } catch (error) {
      const why = printable((error as Error).message, 200)
      this.#fail(new RemoteError('unsound', `the router sent what is no WAMP message: ${why}`))
      this.terminate()
      return undefined
    }
  }

  #open(): Carrier {
    if (this.failure !== undefined) throw this.failure
    return this.#carrier as Carrier
  }

  #fail(error: RemoteError): void {
    this.failure ??= error
    for (const reader of [...this.#readers]) reader.reject(this.failure)
  }
}
