import { parse, stringify } from 'lossless-json'
import { PayloadError } from '../protocol/errors.ts'
import { type Message, RESULT, type Result, shapeOf } from '../protocol/messages.ts'
import type { Dict, Opened, Payload } from '../protocol/payload.ts'
import { JsonReader } from './json-reader.ts'
import { jsonWalk } from './json-walk.ts'
import * as output from './output.ts'
import type { Serializer } from './serializer.ts'
import { fromJson, isEmpty, toJson } from './values.ts'

const COMMA = 44

export const json: Serializer = {
  name: 'json',
  number: 1,
  mediaType: 'application/json',
  binary: false,
  decode: frame => reader.read(frame),
  encode(message: Message): Uint8Array {
    const shape = shapeOf(message.type)
    if (shape === undefined) throw new Error(`no such message: ${message.type}`)
    output.begin()
    output.byte(91)
    output.decimal(message.type)
    shape.write(writer, message)
    output.byte(93)
    return output.finish()
  },
  openTail,
  closeTail,
}

const reader = new JsonReader(json, text => openJson(text) as Dict, jsonWalk())

const writer = {
  integer(value: number) {
    output.byte(COMMA)
    output.decimal(value)
    return writer
  },
  string(value: string) {
    output.byte(COMMA)
    if (PLAIN.test(value)) {
      output.byte(34)
      output.ascii(value)
      output.byte(34)
    } else output.utf8(JSON.stringify(value))
    return writer
  },
  dict(value: Dict) {
    output.byte(COMMA)
    if (isEmpty(value)) output.ascii('{}')
    else output.utf8(closeJson(value))
    return writer
  },
  payload(payload: Payload) {
    if (payload.codec === json) output.copy(payload.bytes, payload.from, payload.to)
    else if (payload.count > 0) {
      const tail = payload.tail(json)
      output.copy(tail, 0, tail.length)
    }
    return writer
  },
}

/** Characters that stand for themselves in a JSON string. */
const PLAIN = /^[ !#-[\]-~]*$/

/** A tail is what stands between the head and the closing bracket: `,[…]` or `,[…],{…}`. */
function openTail(bytes: Uint8Array, count: number): Opened {
  if (count === 0) return {}
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
  const [args, kwargs] = openJson(`[${text.slice(text.indexOf(',') + 1)}]`) as [unknown[], Dict]
  return count === 1 ? { args } : { args, kwargs }
}

function closeTail(values: Opened): Uint8Array {
  const args = values.args === undefined ? '' : `,${closeJson(values.args)}`
  const kwargs = values.kwargs === undefined ? '' : `,${closeJson(values.kwargs)}`
  return Buffer.from(args + kwargs)
}

/**
 * A JSON text as a value, read as in a message: bytes and long integers included. Throws a SyntaxError where it is
 * none, and a ProtocolViolation where no message could carry it.
 */
export function readJson(text: string): unknown {
  JSON.parse(text)
  const { payload } = reader.read(Buffer.from(`[${RESULT},1,{},[${text}]]`)) as Result
  return payload.open().args?.[0]
}

/** A value as JSON text, written as in a message. Throws a PayloadError. */
export const writeJson: (value: unknown) => string = closeJson

const LONG_INTEGER = /\d{16}/

/** Text that the walker found sound, as values. Whole numbers beyond 2^53 keep every digit. */
function openJson(text: string): unknown {
  const value = LONG_INTEGER.test(text)
    ? parse(text, null, { parseNumber, onDuplicateKey: ({ newValue }) => newValue })
    : JSON.parse(text)
  return text.includes('\\u0000') ? fromJson(value) : value
}

function parseNumber(digits: string): number | bigint {
  const number = Number(digits)
  return Number.isSafeInteger(number) || !/^-?\d+$/.test(digits) ? number : BigInt(digits)
}

function closeJson(value: unknown): string {
  const text = stringify(toJson(value))
  if (text === undefined) throw new PayloadError('nothing to send')
  return text
}
