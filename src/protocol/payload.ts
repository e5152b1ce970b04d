import { PayloadError } from './errors.ts'

/** A WAMP dict: string keys, any values. */
export type Dict = Record<string, unknown>

/**
 * The values that cross the router, whatever the serializer: null, booleans, numbers, bigints
 * (integers beyond 2^53), strings, bytes (Uint8Array), arrays and plain objects of these.
 */
export interface Opened {
  args?: unknown[]
  kwargs?: Dict
}

/** The half of a serializer that knows the tail of a message: args and kwargs. */
export interface TailCodec {
  /** Opens a tail that this codec's reader has found to be sound. */
  openTail(bytes: Uint8Array, count: number): Opened
  /** Writes a tail. Throws PayloadError for values that the format cannot carry. */
  closeTail(values: Opened): Uint8Array
}

/**
 * The application payload of a message as it is carried: bytes of one serializer, or values of an
 * in-process session. Broker and dealer hand it on and have no way to look inside.
 *
 * Bytes are a view of the received frame and die with it: what outlives the handler calls keep().
 */
export class Payload {
  /** Elements at the end of the message: 0 nothing, 1 args, 2 args and kwargs. */
  readonly count: number
  readonly codec: TailCodec | null
  /** The tail is bytes[from..to). */
  readonly bytes: Uint8Array
  readonly from: number
  readonly to: number
  #opened: Opened | null
  /** What other serializers made of it, so that a fan-out transcodes once for each. */
  #closed: Map<TailCodec, Uint8Array> | null = null

  constructor(
    codec: TailCodec | null,
    count: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    opened: Opened | null,
  ) {
    this.codec = codec
    this.count = count
    this.bytes = bytes
    this.from = from
    this.to = to
    this.#opened = opened
  }

  /** The payload that in-process code sends. An absent args list before kwargs becomes []. */
  static of(args?: unknown[], kwargs?: Dict): Payload {
    if (kwargs !== undefined) return new Payload(null, 2, EMPTY, 0, 0, { args: args ?? [], kwargs })
    if (args !== undefined) return new Payload(null, 1, EMPTY, 0, 0, { args })
    return NO_PAYLOAD
  }

  /** args and kwargs as values. The caller must not change them: they may be shared. */
  open(): Opened {
    if (this.#opened === null) {
      const codec = this.codec as TailCodec
      this.#opened = codec.openTail(this.bytes.subarray(this.from, this.to), this.count)
    }
    return this.#opened
  }

  /** As open(), for a payload that stays: no values are kept beside its bytes. */
  values(): Opened {
    if (this.#opened !== null) return this.#opened
    const codec = this.codec as TailCodec
    return codec.openTail(this.bytes.subarray(this.from, this.to), this.count)
  }

  /** Bytes that it takes, by estimate where it is values of an in-process session. */
  get size(): number {
    return this.codec === null ? sizeOf(this.#opened) : this.to - this.from
  }

  /** The tail in the bytes of a codec that is not its own. Throws PayloadError. */
  tail(codec: TailCodec): Uint8Array {
    this.#closed ??= new Map()
    const known = this.#closed.get(codec)
    if (known !== undefined) return known
    try {
      const bytes = codec.closeTail(this.open())
      this.#closed.set(codec, bytes)
      return bytes
    } catch (error) {
      throw new PayloadError(`the payload cannot be translated: ${(error as Error).message}`)
    }
  }

  /** The same payload with bytes of its own, for whoever needs it after the handler. */
  keep(): Payload {
    if (this.codec === null || this.count === 0) return this
    // Not slice(): a Buffer's gives a view.
    const own = new Uint8Array(this.bytes.subarray(this.from, this.to))
    return new Payload(this.codec, this.count, own, 0, own.length, null)
  }
}

/** Bytes that a value takes in memory, roughly. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return 8 + value.length
  if (typeof value !== 'object' || value === null) return 8
  if (value instanceof Uint8Array) return 8 + value.length
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + sizeOf(item), 8)
  return Object.entries(value).reduce((sum, [key, item]) => sum + key.length + sizeOf(item), 8)
}

const EMPTY = new Uint8Array(0)

/** No args, no kwargs. */
export const NO_PAYLOAD: Payload = new Payload(null, 0, EMPTY, 0, 0, {})
