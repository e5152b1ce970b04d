import { BinaryReader } from './binary-reader.ts'

/** Reads messages in MessagePack: every form of the specification but 0xc1, which it never uses. */
export class MsgpackReader extends BinaryReader {
  protected readonly emptyDict = 0x80

  protected listLength(): number | undefined {
    const c = this.bytes[this.at] as number
    if (!this.isList()) return undefined
    this.at++
    return c < 0xa0 ? c & 15 : this.unsigned(c === 0xdc ? 2 : 4)
  }

  protected number(): number {
    const c = this.bytes[this.at++] as number
    if (c < 0x80) return c
    if (c >= 0xcc && c <= 0xcf) return this.unsigned(1 << (c - 0xcc))
    if (c >= 0xd0 && c <= 0xd3) {
      const negative = (this.bytes[this.at] as number) >= 0x80
      return negative ? Number.NaN : this.unsigned(1 << (c - 0xd0))
    }
    if (c !== 0xca && c !== 0xcb) return Number.NaN
    const from = this.at
    this.skip(c === 0xca ? 4 : 8)
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + from)
    return c === 0xca ? view.getFloat32(0) : view.getFloat64(0)
  }

  protected stringLength(): number | undefined {
    const c = this.bytes[this.at++] as number
    if (c >= 0xa0 && c <= 0xbf) return c & 31
    return c >= 0xd9 && c <= 0xdb ? this.unsigned(1 << (c - 0xd9)) : undefined
  }

  protected longString(): undefined {
    return undefined
  }

  protected isList(): boolean {
    const c = this.bytes[this.at] as number
    return (c >= 0x90 && c <= 0x9f) || c === 0xdc || c === 0xdd
  }

  protected isDict(): boolean {
    const c = this.bytes[this.at] as number
    return (c >= 0x80 && c <= 0x8f) || c === 0xde || c === 0xdf
  }

  protected isEnd(): boolean {
    return false
  }

  protected skipValue(depth: number): void {
    const c = this.bytes[this.at++] as number
    if (c < 0x80 || c >= 0xe0 || c === 0xc0 || c === 0xc2 || c === 0xc3) return
    if (c < 0x90) this.skipDict(c & 15, depth)
    else if (c < 0xa0) this.skipList(c & 15, depth)
    else if (c < 0xc0) this.skipString(c & 31)
    else if (c >= 0xc4 && c <= 0xc6) this.skip(this.unsigned(1 << (c - 0xc4)))
    else if (c >= 0xc7 && c <= 0xc9) this.skip(this.unsigned(1 << (c - 0xc7)) + 1)
    else if (c === 0xca || c === 0xcb) this.skip(c === 0xca ? 4 : 8)
    else if (c >= 0xcc && c <= 0xcf) this.skip(1 << (c - 0xcc))
    else if (c >= 0xd0 && c <= 0xd3) this.skip(1 << (c - 0xd0))
    else if (c >= 0xd4 && c <= 0xd8) this.skip((1 << (c - 0xd4)) + 1)
    else if (c >= 0xd9 && c <= 0xdb) this.skipString(this.unsigned(1 << (c - 0xd9)))
    else if (c === 0xdc || c === 0xdd) this.skipList(this.unsigned(c === 0xdc ? 2 : 4), depth)
    else if (c === 0xde || c === 0xdf) this.skipDict(this.unsigned(c === 0xde ? 2 : 4), depth)
    else throw this.violation('is no sound MessagePack')
  }

  private skipList(length: number, depth: number): void {
    this.checkDepth(depth)
    for (let i = 0; i < length; i++) this.skipValue(depth + 1)
  }

  private skipDict(length: number, depth: number): void {
    this.checkDepth(depth)
    for (let i = 0; i < length; i++) {
      const key = this.stringLength()
      if (key === undefined) throw this.violation('has a dict key that is no string')
      this.skipString(key)
      this.skipValue(depth + 1)
    }
  }
}
