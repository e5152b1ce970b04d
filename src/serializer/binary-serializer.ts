import { type Message, shapeOf } from '../protocol/messages.ts'
import type { Dict, Opened, Payload, TailCodec } from '../protocol/payload.ts'
import type { BinaryReader } from './binary-reader.ts'
import * as output from './output.ts'
import type { Serializer } from './serializer.ts'
import { fromBinary, isEmpty, toBinary } from './values.ts'

/** What tells one binary format from the other. */
interface BinaryFormat {
  readonly name: string
  readonly number: number
  readonly mediaType: string
  /** First byte of a list of less than 16 elements; the length is added to it. */
  readonly list: number
  readonly emptyDict: number
  /** Integers below this one are written as a byte of their own. */
  readonly small: number
  /** First byte of an unsigned integer of 8 bits; those of 16, 32 and 64 bits come behind it. */
  readonly unsigned: number
  readonly Reader: new (codec: TailCodec, open: (bytes: Uint8Array) => Dict) => BinaryReader
  /** The same values without what only this format can tell. */
  plain(bytes: Uint8Array): Uint8Array
  /** The format's full encoder and decoder; dicts are Maps to them. */
  pack(value: unknown): Uint8Array
  unpack(bytes: Uint8Array): unknown
}

/** MessagePack and CBOR differ in bytes, not in the way that messages are written. */
export function binarySerializer(format: BinaryFormat): Serializer {
  const { small, unsigned, emptyDict } = format

  const serializer: Serializer = {
    name: format.name,
    number: format.number,
    mediaType: format.mediaType,
    binary: true,
    decode: frame => reader.read(frame),
    encode(message: Message): Uint8Array {
      const shape = shapeOf(message.type)
      if (shape === undefined) throw new Error(`no such message: ${message.type}`)
      const { count } = shape.tail ? (message as { payload: Payload }).payload : { count: 0 }
      output.begin()
      output.byte(format.list + shape.head + (shape.more?.(message) ?? 0) + count)
      writer.integer(message.type)
      shape.write(writer, message)
      return output.finish()
    },
    openTail(bytes: Uint8Array, count: number): Opened {
      if (count === 0) return {}
      const [args, kwargs] = open(bytes, count) as [unknown[], Dict]
      return count === 1 ? { args } : { args, kwargs }
    },
    closeTail({ args, kwargs }: Opened): Uint8Array {
      const parts = args === undefined ? [] : [close(args)]
      if (kwargs !== undefined) parts.push(close(kwargs))
      return Buffer.concat(parts)
    },
  }

  const reader = new format.Reader(serializer, bytes => (open(bytes, 1) as [Dict])[0])

  const writer = {
    integer(value: number) {
      if (value < small) output.byte(value)
      else if (value < 0x100) number(0, value)
      else if (value < 0x10000) number(1, value)
      else if (value < 0x100000000) number(2, value)
      else number(3, value)
      return writer
    },
    string(value: string) {
      bytes(close(value))
      return writer
    },
    dict(value: Dict) {
      if (isEmpty(value)) output.byte(emptyDict)
      else bytes(close(value))
      return writer
    },
    payload(payload: Payload) {
      if (payload.codec === serializer) output.copy(payload.bytes, payload.from, payload.to)
      else if (payload.count > 0) bytes(payload.tail(serializer))
      return writer
    },
  }

  /** An integer of 1, 2, 4 or 8 bytes, by the exponent of that number. */
  function number(exponent: number, value: number): void {
    output.byte(unsigned + exponent)
    output.bigEndian(value, 1 << exponent)
  }

  function bytes(source: Uint8Array): void {
    output.copy(source, 0, source.length)
  }

  /** Values that lie one after another, as a list. */
  function open(bytes: Uint8Array, count: number): unknown {
    const plain = format.plain(bytes)
    const list = new Uint8Array(plain.length + 1)
    list[0] = format.list + count
    list.set(plain, 1)
    return fromBinary(format.unpack(list))
  }

  function close(value: unknown): Uint8Array {
    return format.pack(toBinary(value))
  }

  return serializer
}
