/** The first octet of a handshake, which no HTTP request begins with. */
export const MAGIC = 0x7f

/** The kinds of frames (WAMP, "RawSocket Transport", framing). */
export const MESSAGE = 0
export const PING = 1
export const PONG = 2

export const HEADER = 4
/** The longest frame: beyond 24 bits there is but this one length, marked by a bit of its own. */
const MAX_LENGTH = 1 << 24

/** Writes the header of a frame of `length` bytes; gives where it ends. */
export function writeHeader(bytes: Buffer, at: number, kind: number, length: number): number {
  return bytes.writeUInt32BE(
    length === MAX_LENGTH ? (kind | 8) * MAX_LENGTH : kind * MAX_LENGTH + length,
    at,
  )
}

/** A whole frame. */
export function frameOf(kind: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER + payload.length)
  bytes.set(payload, writeHeader(bytes, 0, kind, payload.length))
  return bytes
}

/** What a length in a handshake stands for: 512 bytes to 16 MiB. */
export function lengthOf(exponent: number): number {
  return 2 ** (9 + exponent)
}

/** The largest length that can be announced and is not over a limit of at least 512 bytes. */
export function exponentOf(limit: number): number {
  return Math.min(15, Math.floor(Math.log2(limit)) - 9)
}

/** Takes frames out of bytes that come in pieces of any size. */
export class FrameReader {
  readonly #limit: number
  /** The beginning of a frame, in a buffer that grows with what comes, not with what is announced. */
  #held: Buffer = Buffer.alloc(0)
  #size = 0

  /** `limit`: the longest payload. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Bytes of a frame that is not whole. */
  get held(): number {
    return this.#size
  }

  /**
   * Gives `take` each frame that is complete with these bytes; its payload is valid until `take`
   * returns. Gives what is wrong with a frame, after which no bytes may follow.
   */
  read(bytes: Buffer, take: (kind: number, payload: Buffer) => void): string | undefined {
    let rest = bytes
    while (this.#size > 0 && rest.length > 0) {
      // Not more than belongs to the frame that has begun.
      const wanted = this.#size < HEADER ? HEADER : HEADER + payloadLength(this.#held)
      const part = rest.subarray(0, wanted - this.#size)
      rest = rest.subarray(part.length)
      this.#hold(part)
      if (this.#size < HEADER) return undefined
      const fault = this.#fault(this.#held)
      if (fault !== undefined) return fault
      if (this.#size < HEADER + payloadLength(this.#held)) continue
      const frame = this.#held.subarray(0, this.#size)
      this.#size = 0
      if (frame.length > KEPT) this.#held = Buffer.alloc(0)
      take(kindOf(frame), frame.subarray(HEADER))
    }
    while (rest.length >= HEADER) {
      const fault = this.#fault(rest)
      if (fault !== undefined) return fault
      const end = HEADER + payloadLength(rest)
      if (rest.length < end) break
      const frame = rest.subarray(0, end)
      rest = rest.subarray(end)
      take(kindOf(frame), frame.subarray(HEADER))
    }
    if (rest.length > 0) this.#hold(rest)
    return undefined
  }

  #hold(part: Buffer): void {
    const size = this.#size + part.length
    if (size > this.#held.length) {
      const larger = Buffer.allocUnsafeSlow(
        Math.max(size, Math.min(2 * size, HEADER + this.#limit)),
      )
      this.#held.copy(larger, 0, 0, this.#size)
      this.#held = larger
    }
    part.copy(this.#held, this.#size)
    this.#size = size
  }

  #fault(header: Buffer): string | undefined {
    const [first = 0] = header
    if (first >> 4 !== 0) return 'reserved bits are set'
    if (kindOf(header) > PONG) return `there are no frames of kind ${kindOf(header)}`
    const length = payloadLength(header)
    if (length > MAX_LENGTH) return 'the length is over 16 MiB'
    return length > this.#limit ? `a frame may have at most ${this.#limit} bytes` : undefined
  }
}

/** A buffer of up to this size is used again for the next frame. */
const KEPT = 1 << 16

function kindOf(header: Buffer): number {
  return (header[0] as number) & 7
}

/** The three bytes, and the bit beyond them. */
function payloadLength(header: Buffer): number {
  return header.readUIntBE(1, 3) + ((header[0] as number) & 8) * (MAX_LENGTH / 8)
}
