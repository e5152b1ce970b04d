import { Decoder, Encoder } from 'cbor-x'
import { binarySerializer } from './binary-serializer.ts'
import { CborReader } from './cbor-reader.ts'
import { withoutTags } from './cbor-tags.ts'
import type { Serializer } from './serializer.ts'

const encoder = new Encoder({
  useRecords: false,
  mapsAsObjects: false,
  tagUint8Array: false,
  variableMapSize: true,
})
const decoder = new Decoder({ useRecords: false, mapsAsObjects: false })

export const cbor: Serializer = binarySerializer({
  name: 'cbor',
  number: 3,
  mediaType: 'application/cbor',
  list: 0x80,
  emptyDict: 0xa0,
  small: 24,
  unsigned: 0x18,
  Reader: CborReader,
  plain: withoutTags,
  pack: value => encoder.encode(value),
  unpack: bytes => decoder.decode(bytes),
})
