import { Decoder, Encoder } from 'cbor-x'
import { type Message, shapeOf } from '../protocol/messages.ts'
import type { Dict, Opened, Payload } from '../protocol/payload.ts'
import { CborReader } from './cbor-reader.ts'
import { withoutTags } from './cbor-tags.ts'
import * as output from './output.ts'
import type { Serializer } from './serializer.ts'
import { fromBinary, isEmpty, toBinary } from './values.ts'

export const cbor: Serializer = {
  name: 'cbor',
  number: 3,
  binary: true,
  decode: frame => reader.read(frame),
  encode(message: Message): Uint8Array {
    const shape = shapeOf(message.type)
    if (shape === undefined) throw new Error(`no such message: ${message.type}`)
    const { count } = shape.tail ? (message as { payload: Payload }).payload : { count: 0 }
    output.begin()
    output.byte(0x80 | (shape.head + count))
    writer.integer(message.type)
    shape.write(writer, message)
    return output.finish()
  },
  openTail(bytes: Uint8Array, count: number): Opened {
    if (count === 0) return {}
    const [args, kwargs] = open(bytes, 0x80 | count) as [unknown[], Dict]
    return count === 1 ? { args } : { args, kwargs }
  },
  closeTail({ args, kwargs }: Opened): Uint8Array {
    const parts = args === undefined ? [] : [close(args)]
    if (kwargs !== undefined) parts.push(close(kwargs))
    return Buffer.concat(parts)
  },
}

const reader = new CborReader(cbor, bytes => (open(bytes, 0x81) as [Dict])[0])

const encoder = new Encoder({
  useRecords: false,
  mapsAsObjects: false,
  tagUint8Array: false,
  variableMapSize: true,
})
const decoder = new Decoder({ useRecords: false, mapsAsObjects: false })

const writer = {
  integer(value: number) {
    if (value < 24) output.byte(value)
    else if (value < 0x100) {
      output.byte(0x18)
      output.byte(value)
    } else if (value < 0x10000) {
      output.byte(0x19)
      output.bigEndian(value, 2)
    } else if (value < 0x100000000) {
      output.byte(0x1a)
      output.bigEndian(value, 4)
    } else {
      output.byte(0x1b)
      output.bigEndian(value, 8)
    }
    return writer
  },
  string(value: string) {
    const bytes = close(value)
    output.copy(bytes, 0, bytes.length)
    return writer
  },
  dict(value: Dict) {
    if (isEmpty(value)) output.byte(0xa0)
    else {
      const bytes = close(value)
      output.copy(bytes, 0, bytes.length)
    }
    return writer
  },
  payload(payload: Payload) {
    if (payload.codec === cbor) output.copy(payload.bytes, payload.from, payload.to)
    else if (payload.count > 0) {
      const tail = payload.tail(cbor)
      output.copy(tail, 0, tail.length)
    }
    return writer
  },
}

/** Values that lie one after another, as a list. `header` is the list's first byte. */
function open(bytes: Uint8Array, header: number): unknown {
  const plain = withoutTags(bytes)
  const list = new Uint8Array(plain.length + 1)
  list[0] = header
  list.set(plain, 1)
  return fromBinary(decoder.decode(list))
}

function close(value: unknown): Uint8Array {
  return encoder.encode(toBinary(value))
}
