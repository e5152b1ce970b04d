import { crc32 } from 'node:zlib'
import { type Dict, Payload } from '../protocol/payload.ts'
import { msgpack } from '../serializer/msgpack.ts'
import { SERIALIZERS } from '../serializer/registry.ts'
import type { StoredEvent } from './store.ts'

/** Bytes of the checksum that a record begins with. */
const CHECKSUM = 4

/** Values as they lie on disk. LMDB does not notice damage, so that each record has a checksum. */
export function sealed(values: unknown[]): Buffer {
  const body = msgpack.closeTail({ args: values })
  const record = Buffer.allocUnsafe(CHECKSUM + body.length)
  record.writeUInt32BE(crc32(body), 0)
  record.set(body, CHECKSUM)
  return record
}

/** The values of a record. Throws Error where they are not what was written. */
export function opened(record: Uint8Array | undefined): unknown[] {
  if (record === undefined) throw new Error('a record is missing')
  const body = record.subarray(CHECKSUM)
  const sum = Buffer.from(record.buffer, record.byteOffset, record.length).readUInt32BE(0)
  if (sum !== crc32(body)) throw new Error('a record is damaged')
  return msgpack.openTail(body, 1).args as unknown[]
}

/** An event as values: its payload as the bytes that it came in, with the serializer's name. */
export function valuesOf(event: StoredEvent): unknown[] {
  const { publication, time, topic, details, audience, payload } = event
  const serializer = SERIALIZERS.find(one => one === payload.codec)?.name ?? ''
  const bytes = payload.bytes.subarray(payload.from, payload.to)
  return [publication, time, topic, details, audience, serializer, payload.count, bytes]
}

/** The event that values are. */
export function eventOf(values: unknown[]): StoredEvent {
  const [publication, time, topic, details, audience, name, count, bytes] = values as [
    ...[number, number, string, Dict, Dict],
    ...[string, number, Uint8Array],
  ]
  const serializer = SERIALIZERS.find(one => one.name === name) ?? null
  const opened = serializer === null ? {} : null
  const payload = new Payload(serializer, count, bytes, 0, bytes.length, opened)
  return { publication, time, topic, details, audience, payload }
}

/** The same event with a payload in bytes: values of in-process sessions get some. */
export function inBytes(event: StoredEvent): StoredEvent {
  const { payload } = event
  if (payload.codec !== null || payload.count === 0) return event
  const tail = payload.tail(msgpack)
  return { ...event, payload: new Payload(msgpack, payload.count, tail, 0, tail.length, null) }
}
