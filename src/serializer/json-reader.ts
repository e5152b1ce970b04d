import { MAX_ID } from '../base/ids.ts'
import { ProtocolViolation } from '../protocol/errors.ts'
import { type ElementReader, type Message, NO_DETAILS, shapeOf } from '../protocol/messages.ts'
import { type Dict, NO_PAYLOAD, Payload, type TailCodec } from '../protocol/payload.ts'
import type { JsonWalk } from './json-walk.ts'
import { MAX_DEPTH, MAX_DICT } from './serializer.ts'

const QUOTE = 34
const BACKSLASH = 92
const COMMA = 44
const COLON = 58
const LIST = 91
const LIST_END = 93
const DICT = 123
const DICT_END = 125

/** CPython refuses integers of more than 4,300 digits: such a payload would fell its receiver. */
const MAX_NUMBER = 1024

const { latin1Slice, utf8Slice } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, from: number, to: number): string
  utf8Slice(this: Uint8Array, from: number, to: number): string
}

/**
 * Reads the head of a message from its bytes and walks the tail, which must be JSON to the letter
 * (RFC 8259) because it is spliced into messages to others. Bytes from 0x80 on are never part of
 * JSON's structure, and the transport has checked them: the walk looks at single bytes only.
 */
export class JsonReader implements ElementReader {
  private bytes: Uint8Array = new Uint8Array(0)
  private at = 0
  /** The message's name, for errors. */
  private name = ''
  private readonly codec: TailCodec
  private readonly open: (text: string) => Dict
  private readonly walk: JsonWalk | null
  /** The walk has the frame. */
  private isTaken = false

  /** Without `walk` it does all by itself, and says the same of every frame. */
  constructor(codec: TailCodec, open: (text: string) => Dict, walk: JsonWalk | null) {
    this.codec = codec
    this.open = open
    this.walk = walk
  }

  read(frame: Uint8Array): Message {
    this.bytes = frame
    this.at = 0
    this.isTaken = false
    this.name = 'message'
    if (this.next() !== LIST) throw this.violation('is no JSON list')
    this.at++
    this.next()
    const code = this.number('message type')
    const shape = shapeOf(code)
    if (shape === undefined) throw new ProtocolViolation(`unknown message type ${code}`)
    this.name = shape.name
    const message = shape.read(this)
    if (!shape.tail) {
      if (this.next() === COMMA) throw this.violation('has surplus elements')
      this.close()
    }
    return message
  }

  id(field: string): number {
    const value = this.integer(field)
    if (value === 0) throw this.violation(`${field} is not in 1..2^53`)
    return value
  }

  integer(field: string): number {
    this.separator(field)
    return this.number(field)
  }

  string(field: string): string {
    if (this.separator(field) !== QUOTE) throw this.violation(`${field} is no string`)
    const { bytes } = this
    const from = this.at + 1
    for (let i = from; ; i++) {
      const c = bytes[i] as number
      if (c === QUOTE) {
        this.at = i + 1
        return latin1Slice.call(bytes, from, i)
      }
      // Escapes and letters beyond ASCII are rare in URIs; the end of the frame comes here too.
      if (!(c >= 32 && c < 128 && c !== BACKSLASH)) break
    }
    const start = this.at
    this.skipString()
    return JSON.parse(utf8Slice.call(bytes, start, this.at)) as string
  }

  dict(field: string): Dict {
    if (this.separator(field) !== DICT) throw this.violation(`${field} is no dict`)
    const { bytes, at } = this
    if (bytes[at + 1] === DICT_END) {
      this.at += 2
      return NO_DETAILS
    }
    this.skipElement()
    if (this.at - at > MAX_DICT) throw this.violation(`${field} has more than ${MAX_DICT} bytes`)
    return this.open(utf8Slice.call(bytes, at, this.at))
  }

  hasMore(): boolean {
    return this.next() === COMMA
  }

  payload(): Payload {
    const from = this.at
    if (this.next() !== COMMA) {
      this.close()
      return NO_PAYLOAD
    }
    let count = 1
    if (this.separator('args') !== LIST) throw this.violation('args is no list')
    this.skipElement()
    if (this.next() === COMMA) {
      count = 2
      if (this.separator('kwargs') !== DICT) throw this.violation('kwargs is no dict')
      this.skipElement()
    }
    const to = this.at
    if (this.next() === COMMA) throw this.violation('has surplus elements')
    this.close()
    return new Payload(this.codec, count, this.bytes, from, to, null)
  }

  /** The closing bracket, and nothing behind it. */
  private close(): void {
    if (this.next() !== LIST_END) throw this.violation('is no sound JSON')
    this.at++
    this.next()
    if (this.at < this.bytes.length) throw this.violation('is followed by something else')
  }

  /** Steps over white space; gives the byte that follows, or undefined at the end. */
  private next(): number | undefined {
    const { bytes } = this
    for (;;) {
      const c = bytes[this.at]
      if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return c
      this.at++
    }
  }

  /** Steps over the comma before an element; gives the element's first byte. */
  private separator(field: string): number | undefined {
    const c = this.next()
    if (c !== COMMA) {
      throw this.violation(c === LIST_END ? `${field} is missing` : 'is no sound JSON')
    }
    this.at++
    return this.next()
  }

  /** A whole number in 0..2^53, written in whatever way JSON allows. */
  private number(field: string): number {
    const { bytes } = this
    const from = this.at
    let value = 0
    let c = bytes[this.at] as number
    while (c >= 48 && c <= 57) {
      value = value * 10 + c - 48
      c = bytes[++this.at] as number
    }
    const digits = this.at - from
    const plain = c === COMMA || c === LIST_END || c === 32
    if (digits > 0 && digits < 16 && plain && (digits === 1 || bytes[from] !== 48)) return value
    this.at = from
    if (!(c === 45 || digits > 0)) throw this.violation(`${field} is no integer`)
    this.skipNumber()
    const text = latin1Slice.call(bytes, from, this.at)
    const exact = /^\d+$/.test(text) ? BigInt(text) <= MAX_ID : true
    value = Number(text)
    if (!exact || !Number.isInteger(value) || value < 0 || value > MAX_ID) {
      throw this.violation(`${field} is no integer in 0..2^53`)
    }
    return value
  }

  /** Steps over a list or dict of the message. What is wrong with it, the slow walk says. */
  private skipElement(): void {
    const { walk } = this
    if (walk !== null) {
      if (!this.isTaken) walk.take(this.bytes)
      this.isTaken = true
      const end = walk.endOf(this.at)
      if (end > 0) {
        this.at = end
        return
      }
    }
    this.skipValue(0)
  }

  /** Steps over one value. */
  private skipValue(depth: number): void {
    const c = this.next() as number
    if (c === QUOTE) this.skipString()
    else if (c === LIST || c === DICT) this.skipContainer(c + 2, depth)
    else if (c === 45 || (c >= 48 && c <= 57)) this.skipNumber()
    else if (c === 116) this.skipWord('true')
    else if (c === 102) this.skipWord('false')
    else if (c === 110) this.skipWord('null')
    else throw this.violation('is no sound JSON')
  }

  private skipContainer(end: number, depth: number): void {
    if (depth >= MAX_DEPTH) throw this.violation(`is nested deeper than ${MAX_DEPTH}`)
    this.at++
    if (this.next() === end) {
      this.at++
      return
    }
    for (;;) {
      if (end === DICT_END) {
        if (this.next() !== QUOTE) throw this.violation('has a dict key that is no string')
        this.skipString()
        if (this.next() !== COLON) throw this.violation('is no sound JSON')
        this.at++
      }
      this.skipValue(depth + 1)
      const c = this.next()
      this.at++
      if (c === end) return
      if (c !== COMMA) throw this.violation('is no sound JSON')
    }
  }

  private skipWord(word: string): void {
    for (let i = 0; i < word.length; i++) {
      if (this.bytes[this.at++] !== word.charCodeAt(i)) throw this.violation('is no sound JSON')
    }
  }

  private skipNumber(): void {
    const { bytes } = this
    const from = this.at
    if (bytes[this.at] === 45) this.at++
    if (bytes[this.at] === 48) this.at++
    else this.skipDigits()
    if (bytes[this.at] === 46) {
      this.at++
      this.skipDigits()
    }
    const e = bytes[this.at] as number
    if (e === 101 || e === 69) {
      const sign = bytes[++this.at]
      if (sign === 43 || sign === 45) this.at++
      this.skipDigits()
    }
    if (this.at - from > MAX_NUMBER) {
      throw this.violation(`has a number of more than ${MAX_NUMBER} characters`)
    }
  }

  private skipDigits(): void {
    const { bytes } = this
    const from = this.at
    for (let c = bytes[this.at] as number; c >= 48 && c <= 57; c = bytes[++this.at] as number);
    if (this.at === from) throw this.violation('is no sound JSON')
  }

  private skipString(): void {
    const { bytes } = this
    this.at++
    for (;;) {
      const c = bytes[this.at] as number
      if (c === QUOTE) break
      if (c === BACKSLASH) this.skipEscape()
      else if (c >= 32) this.at++
      else throw this.violation('has a string that is no sound JSON')
    }
    this.at++
  }

  private skipEscape(): void {
    const { bytes } = this
    const c = bytes[this.at + 1] as number
    if (c === 117) {
      for (let i = this.at + 2; i < this.at + 6; i++) {
        if (!isHex(bytes[i] as number)) throw this.violation('has a string that is no sound JSON')
      }
      this.at += 6
    } else if (ESCAPED.includes(c)) this.at += 2
    else throw this.violation('has a string that is no sound JSON')
  }

  private violation(text: string): ProtocolViolation {
    return new ProtocolViolation(`${this.name}: ${text}`)
  }
}

/** What may follow a backslash, apart from u: " \ / b f n r t */
const ESCAPED = [34, 92, 47, 98, 102, 110, 114, 116]

function isHex(c: number): boolean {
  return (c >= 48 && c <= 57) || (c >= 65 && c <= 70) || (c >= 97 && c <= 102)
}
