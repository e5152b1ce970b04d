import { Packr, Unpackr } from 'msgpackr'
import { type Message, shapeOf } from '../protocol/messages.ts'
import type { Dict, Opened, Payload } from '../protocol/payload.ts'
import { withoutExtensions } from './msgpack-extensions.ts'
import { MsgpackReader } from './msgpack-reader.ts'
import * as output from './output.ts'
import type { Serializer } from './serializer.ts'
import { fromBinary, isEmpty, toBinary } from './values.ts'

export const msgpack: Serializer = {
  name: 'msgpack',
  number: 2,
  binary: true,
  decode: frame => reader.read(frame),
  encode(message: Message): Uint8Array {
    const shape = shapeOf(message.type)
    if (shape === undefined) throw new Error(`no such message: ${message.type}`)
    const { count } = shape.tail ? (message as { payload: Payload }).payload : { count: 0 }
    output.begin()
    output.byte(0x90 | (shape.head + count))
    output.byte(message.type)
    shape.write(writer, message)
    return output.finish()
  },
  openTail(bytes: Uint8Array, count: number): Opened {
    if (count === 0) return {}
    const [args, kwargs] = open(bytes, 0x90 | count) as [unknown[], Dict]
    return count === 1 ? { args } : { args, kwargs }
  },
  closeTail({ args, kwargs }: Opened): Uint8Array {
    const parts = args === undefined ? [] : [close(args)]
    if (kwargs !== undefined) parts.push(close(kwargs))
    return Buffer.concat(parts)
  },
}

const reader = new MsgpackReader(msgpack, bytes => (open(bytes, 0x91) as [Dict])[0])

const packr = new Packr({ useRecords: false, variableMapSize: true, encodeUndefinedAsNil: true })
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: false, int64AsType: 'bigint' })

const writer = {
  integer(value: number) {
    if (value < 0x80) output.byte(value)
    else if (value < 0x100) {
      output.byte(0xcc)
      output.byte(value)
    } else if (value < 0x10000) {
      output.byte(0xcd)
      output.bigEndian(value, 2)
    } else if (value < 0x100000000) {
      output.byte(0xce)
      output.bigEndian(value, 4)
    } else {
      output.byte(0xcf)
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
    if (isEmpty(value)) output.byte(0x80)
    else {
      const bytes = close(value)
      output.copy(bytes, 0, bytes.length)
    }
    return writer
  },
  payload(payload: Payload) {
    if (payload.codec === msgpack) output.copy(payload.bytes, payload.from, payload.to)
    else if (payload.count > 0) {
      const tail = payload.tail(msgpack)
      output.copy(tail, 0, tail.length)
    }
    return writer
  },
}

/** Values that lie one after another, as a list. `header` is the list's first byte. */
function open(bytes: Uint8Array, header: number): unknown {
  const plain = withoutExtensions(bytes)
  const list = new Uint8Array(plain.length + 1)
  list[0] = header
  list.set(plain, 1)
  return fromBinary(unpackr.unpack(list))
}

function close(value: unknown): Uint8Array {
  return packr.pack(toBinary(value))
}
