import { decode } from 'cbor-x'
import { BinaryReader, INDEFINITE } from './binary-reader.ts'

const BREAK = 0xff

/** Reads messages in CBOR (RFC 8949): every well-formed item, lists and strings of any form. */
export class CborReader extends BinaryReader {
  protected readonly emptyDict = 0xa0

  protected listLength(): number | undefined {
    return this.isList() ? this.argument(this.bytes[this.at++] as number) : undefined
  }

  protected number(): number {
    const from = this.at
    const c = this.bytes[this.at++] as number
    if (c < 0x1c) return this.argument(c)
    if (c < 0xf9 || c > 0xfb) return Number.NaN
    this.skip(1 << (c - 0xf8))
    return decode(this.bytes.subarray(from, this.at)) as number
  }

  protected stringLength(): number | undefined {
    const c = this.bytes[this.at] as number
    if (c >> 5 !== 3) return undefined
    this.at++
    return this.argument(c)
  }

  protected longString(): string {
    const from = this.at
    this.skipChunks(3)
    let text = ''
    this.at = from
    while (this.bytes[this.at] !== BREAK) {
      const length = this.argument(this.bytes[this.at++] as number)
      text += Buffer.from(this.bytes.subarray(this.at, this.at + length)).toString()
      this.at += length
    }
    this.at++
    return text
  }

  protected isList(): boolean {
    return (this.bytes[this.at] as number) >> 5 === 4
  }

  protected isDict(): boolean {
    return (this.bytes[this.at] as number) >> 5 === 5
  }

  protected isEnd(): boolean {
    return this.bytes[this.at] === BREAK
  }

  protected skipValue(depth: number): void {
    const c = this.bytes[this.at++]
    if (c === undefined) throw this.violation('is cut off')
    switch (c >> 5) {
      case 0:
      case 1:
        this.skipInteger(c)
        return
      case 2:
        this.skipText(c, 2)
        return
      case 3:
        this.skipText(c, 3)
        return
      case 4:
        this.skipItems(this.argument(c), false, depth)
        return
      case 5:
        this.skipItems(this.argument(c), true, depth)
        return
      case 6:
        this.checkDepth(depth)
        this.skipInteger(c)
        this.skipValue(depth + 1)
        return
      default:
        this.skipSimple(c)
    }
  }

  /** The argument that follows the first byte of an item, or INDEFINITE. */
  private argument(c: number): number {
    const info = c & 31
    if (info < 24) return info
    if (info < 28) return this.unsigned(1 << (info - 24))
    if (info === 31 && c > 0x40 && c < 0xc0) return INDEFINITE
    throw this.violation('is no sound CBOR')
  }

  /** An integer of either sign, or the number of a tag. */
  private skipInteger(c: number): void {
    if ((c & 31) === 31) throw this.violation('is no sound CBOR')
    this.argument(c)
  }

  private skipText(c: number, major: 2 | 3): void {
    const length = this.argument(c)
    if (length === INDEFINITE) this.skipChunks(major)
    else if (major === 3) this.skipString(length)
    else this.skip(length)
  }

  /** The parts of a string of indefinite length: each definite and of the same type. */
  private skipChunks(major: 2 | 3): void {
    for (let c = this.bytes[this.at++]; c !== BREAK; c = this.bytes[this.at++]) {
      if (c === undefined || c >> 5 !== major || (c & 31) === 31) {
        throw this.violation('has a string that is no sound CBOR')
      }
      this.skipText(c, major)
    }
  }

  private skipItems(length: number, pairs: boolean, depth: number): void {
    this.checkDepth(depth)
    for (let i = 0; length === INDEFINITE ? !this.isEnd() : i < length; i++) {
      if (pairs) {
        const c = this.bytes[this.at++] as number
        if (c >> 5 !== 3) throw this.violation('has a dict key that is no string')
        this.skipText(c, 3)
      }
      this.skipValue(depth + 1)
    }
    if (length === INDEFINITE) this.at++
  }

  private skipSimple(c: number): void {
    if (c < 0xf8) return
    if (c === 0xf8) {
      const value = this.unsigned(1)
      if (value < 32) throw this.violation('is no sound CBOR')
    } else if (c <= 0xfb) this.skip(1 << (c - 0xf8))
    else throw this.violation('is no sound CBOR')
  }
}
