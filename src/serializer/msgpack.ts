import { Packr, Unpackr } from 'msgpackr'
import { binarySerializer } from './binary-serializer.ts'
import { withoutExtensions } from './msgpack-extensions.ts'
import { MsgpackReader } from './msgpack-reader.ts'
import type { Serializer } from './serializer.ts'

const packr = new Packr({ useRecords: false, variableMapSize: true, encodeUndefinedAsNil: true })
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: false, int64AsType: 'bigint' })

export const msgpack: Serializer = binarySerializer({
  name: 'msgpack',
  number: 2,
  mediaType: 'application/x-msgpack',
  list: 0x90,
  emptyDict: 0x80,
  small: 0x80,
  unsigned: 0xcc,
  Reader: MsgpackReader,
  plain: withoutExtensions,
  pack: value => packr.pack(value),
  unpack: bytes => unpackr.unpack(bytes),
})
