import { isUtf8 } from 'node:buffer'
import { MAX_ID } from '../base/ids.ts'
import { ProtocolViolation } from '../protocol/errors.ts'
import { type ElementReader, type Message, NO_DETAILS, shapeOf } from '../protocol/messages.ts'
import { type Dict, NO_PAYLOAD, Payload, type TailCodec } from '../protocol/payload.ts'
import { MAX_DEPTH, MAX_DICT } from './serializer.ts'

const { latin1Slice, utf8Slice } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, from: number, to: number): string
  utf8Slice(this: Uint8Array, from: number, to: number): string
}

/** Elements of a list whose length is told by its end (CBOR). */
export const INDEFINITE = -1

/**
 * What MessagePack and CBOR have in common: lists that tell their length, values that begin with
 * a byte for their type. Reads the head of a message and walks its tail: the tail is spliced into
 * messages to others, so it must be sound, its strings UTF-8 and the keys of its dicts strings.
 */
export abstract class BinaryReader implements ElementReader {
  protected bytes: Uint8Array = new Uint8Array(0)
  protected at = 0
  /** Elements of the message that are still to be read, or INDEFINITE. */
  private left = 0
  /** The message's name, for errors. */
  private name = ''
  private readonly codec: TailCodec
  private readonly open: (bytes: Uint8Array) => Dict

  constructor(codec: TailCodec, open: (bytes: Uint8Array) => Dict) {
    this.codec = codec
    this.open = open
  }

  /** The number of elements of the list that begins here, or undefined if none does. */
  protected abstract listLength(): number | undefined
  /** Steps over a number; NaN if there is none or it is not whole. */
  protected abstract number(): number
  /** Steps over the beginning of a string and gives its length; undefined if it is none. */
  protected abstract stringLength(): number | undefined
  /** Steps over a string that does not tell its length, and gives it. */
  protected abstract longString(): string | undefined
  protected abstract isList(): boolean
  protected abstract isDict(): boolean
  /** Steps over one value. */
  protected abstract skipValue(depth: number): void
  /** Here is the mark that ends a list of indefinite length. */
  protected abstract isEnd(): boolean
  /** The byte of an empty dict. */
  protected abstract readonly emptyDict: number

  read(frame: Uint8Array): Message {
    this.bytes = frame
    this.at = 0
    this.name = 'message'
    const length = this.listLength()
    if (length === undefined) throw this.violation('is no list')
    this.left = length
    const code = this.integer('message type')
    const shape = shapeOf(code)
    if (shape === undefined) throw new ProtocolViolation(`unknown message type ${code}`)
    this.name = shape.name
    const message = shape.read(this)
    if (!shape.tail) this.close()
    return message
  }

  id(field: string): number {
    const value = this.integer(field)
    if (value === 0) throw this.violation(`${field} is not in 1..2^53`)
    return value
  }

  integer(field: string): number {
    this.take(field)
    const value = this.number()
    if (!(value >= 0 && value <= MAX_ID && Number.isInteger(value))) {
      throw this.violation(`${field} is no integer in 0..2^53`)
    }
    return value
  }

  string(field: string): string {
    this.take(field)
    const length = this.stringLength()
    if (length === undefined) throw this.violation(`${field} is no string`)
    if (length === INDEFINITE) return this.longString() ?? ''
    const from = this.at
    this.skipString(length)
    return this.isAscii(from, this.at)
      ? latin1Slice.call(this.bytes, from, this.at)
      : utf8Slice.call(this.bytes, from, this.at)
  }

  dict(field: string): Dict {
    this.take(field)
    if (this.bytes[this.at] === this.emptyDict) {
      this.at++
      return NO_DETAILS
    }
    if (!this.isDict()) throw this.violation(`${field} is no dict`)
    const from = this.at
    this.skipValue(0)
    if (this.at - from > MAX_DICT) throw this.violation(`${field} has more than ${MAX_DICT} bytes`)
    return this.open(this.bytes.subarray(from, this.at))
  }

  hasMore(): boolean {
    return !this.ended()
  }

  payload(): Payload {
    const from = this.at
    if (this.ended()) {
      this.close()
      return NO_PAYLOAD
    }
    let count = 1
    this.take('args')
    if (!this.isList()) throw this.violation('args is no list')
    this.skipValue(0)
    if (!this.ended()) {
      count = 2
      this.take('kwargs')
      if (!this.isDict()) throw this.violation('kwargs is no dict')
      this.skipValue(0)
    }
    const to = this.at
    this.close()
    return new Payload(this.codec, count, this.bytes, from, to, null)
  }

  private ended(): boolean {
    return this.left === INDEFINITE ? this.isEnd() : this.left === 0
  }

  /** The message ends here, and the frame with it. */
  private close(): void {
    if (!this.ended()) throw this.violation('has surplus elements')
    if (this.left === INDEFINITE) this.at++
    if (this.at < this.bytes.length) throw this.violation('is followed by something else')
  }

  private take(field: string): void {
    if (this.ended()) throw this.violation(`${field} is missing`)
    if (this.left !== INDEFINITE) this.left--
  }

  /** Steps over the bytes of a string. */
  protected skipString(length: number): void {
    const from = this.at
    this.skip(length)
    if (length < 64 && this.isAscii(from, this.at)) return
    if (!isUtf8(this.bytes.subarray(from, this.at))) {
      throw this.violation('has a string that is no UTF-8')
    }
  }

  private isAscii(from: number, to: number): boolean {
    const { bytes } = this
    for (let i = from; i < to; i++) if ((bytes[i] as number) >= 0x80) return false
    return true
  }

  protected skip(count: number): void {
    this.at += count
    if (!(this.at <= this.bytes.length)) throw this.violation('is cut off')
  }

  /** Reads a big-endian unsigned integer of 1, 2, 4 or 8 bytes; infinite beyond 2^53. */
  protected unsigned(size: number): number {
    const from = this.at
    this.skip(size)
    const { bytes } = this
    let value = 0
    for (let i = from; i < this.at; i++) value = value * 256 + (bytes[i] as number)
    const rounded = size === 8 && value === MAX_ID && bytes[from + 7] !== 0
    return value > MAX_ID || rounded ? Number.POSITIVE_INFINITY : value
  }

  protected checkDepth(depth: number): void {
    if (depth >= MAX_DEPTH) throw this.violation(`is nested deeper than ${MAX_DEPTH}`)
  }

  protected violation(text: string): ProtocolViolation {
    return new ProtocolViolation(`${this.name}: ${text}`)
  }
}
