import { Decoder } from 'cbor-x'
import { expect } from 'chai'
import fc from 'fast-check'
import { Unpackr } from 'msgpackr'
import { ProtocolViolation } from '../../src/protocol/errors.ts'
import type { Message, Publish } from '../../src/protocol/messages.ts'
import { Payload } from '../../src/protocol/payload.ts'
import { cbor } from '../../src/serializer/cbor.ts'
import { json } from '../../src/serializer/json.ts'
import { msgpack } from '../../src/serializer/msgpack.ts'
import { SERIALIZERS } from '../../src/serializer/registry.ts'
import type { Serializer } from '../../src/serializer/serializer.ts'
import { canonical, WIRE, withPayload } from './wire.ts'

const text = fc.string({ unit: 'binary', maxLength: 80 })
const key = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'toJSON', '', '0', 'length'))

/** All that every format can tell. A string behind NUL is not among it: to JSON it is bytes. */
const value = fc.letrec<{ any: unknown; list: unknown[]; dict: Record<string, unknown> }>(tie => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false, '\0?', ''),
    fc.maxSafeInteger(),
    fc.integer({ min: -300, max: 70000 }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    text.filter(string => string.charCodeAt(0) !== 0),
    fc.uint8Array({ maxLength: 300 }),
    tie('list'),
    tie('dict'),
  ),
  list: fc.array(tie('any'), { maxLength: 20 }),
  dict: fc.dictionary(key, tie('any'), { maxKeys: 20, noNullPrototype: true }),
}))

/** The message of a frame, or undefined where it is refused as it should. */
function admitted(serializer: Serializer, frame: Uint8Array): Message | undefined {
  try {
    return serializer.decode(frame)
  } catch (error) {
    if (error instanceof ProtocolViolation) return undefined
    throw error
  }
}

function publish(payload: Payload, options = {}): Publish {
  return { type: 16, request: 1, options, topic: 'a.b', payload }
}

/** Changes to a frame, each at a place given as a fraction of its length. */
const damage = fc.array(
  fc.record({
    kind: fc.constantFrom('flip', 'set', 'cut', 'insert', 'remove', 'double'),
    place: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    byte: fc.oneof(
      fc.nat(255),
      // Bytes that begin something in one of the formats, or end it.
      fc.constantFrom(...'[]{}",:\\-.e0u ').map(c => c.charCodeAt(0)),
      fc.constantFrom(0x90, 0x91, 0x81, 0xa1, 0xc0, 0xc1, 0xc4, 0xc7, 0xcf, 0xd3, 0xd4, 0xdf, 0xff),
      fc.constantFrom(0x1b, 0x40, 0x5f, 0x60, 0x7f, 0x9f, 0xbf, 0xc2, 0xd8, 0xf7, 0xf8, 0xf9, 0xfb),
    ),
    length: fc.nat(8),
  }),
  { maxLength: 3 },
)

type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never

function damaged(frame: Uint8Array, changes: Damage): Uint8Array {
  let bytes = Array.from(frame)
  for (const { kind, place, byte, length } of changes) {
    const at = Math.floor(place * bytes.length)
    if (kind === 'flip') bytes[at] = (bytes[at] as number) ^ (1 << (byte % 8))
    else if (kind === 'set') bytes[at] = byte
    else if (kind === 'cut') bytes = bytes.slice(0, at)
    else if (kind === 'insert') bytes.splice(at, 0, byte)
    else if (kind === 'remove') bytes.splice(at, length)
    else bytes.splice(at, 0, ...bytes.slice(at, at + length))
  }
  return Uint8Array.from(bytes.map(byte => byte ?? 0))
}

const small = fc.tuple(
  fc.array(value.any, { maxLength: 4 }),
  fc.dictionary(key, value.any, { maxKeys: 3, noNullPrototype: true }),
)

/** A whole message of one format that has been spoiled a little, or not at all. */
const frames = (serializer: Serializer) =>
  fc
    .tuple(fc.constantFrom(...WIRE), small, fc.nat(2), damage)
    .map(([wire, [args, kwargs], count, changes]) => {
      const message =
        'payload' in wire.message && count > 0
          ? withPayload(wire, args, count === 2 ? kwargs : undefined).message
          : wire.message
      return damaged(serializer.encode(message), changes)
    })

/** The parts of a frame's PUBLISH that a peer chose; undefined where it is refused, or no PUBLISH. */
function parts(serializer: Serializer, frame: Uint8Array): unknown[] | undefined {
  const message = admitted(serializer, frame)
  if (message?.type !== 16 || message.request !== 1 || message.topic !== 'a.b') return undefined
  const { args, kwargs } = message.payload.open()
  if (args === undefined) return undefined
  return kwargs === undefined ? [message.options, args] : [message.options, args, kwargs]
}

/** The same as a library sees them that is called directly. */
function judged(decode: (frame: Uint8Array) => unknown, frame: Uint8Array): unknown[] | undefined {
  let list: unknown
  try {
    list = decode(frame)
  } catch {
    return undefined
  }
  if (!Array.isArray(list) || list.length < 5 || list.length > 6) return undefined
  const [type, request, options, topic, ...tail] = list
  if (canonical(type) !== 16n || canonical(request) !== 1n || topic !== 'a.b') return undefined
  if (!isDict(options) || !Array.isArray(tail[0])) return undefined
  return tail.length === 1 || isDict(tail[1]) ? [options, ...tail] : undefined
}

function isDict(any: unknown): boolean {
  return any instanceof Map || Object.prototype.toString.call(any) === '[object Object]'
}

/** Of what WAMP allows: keys are strings, and all strings were UTF-8. */
function isPlain(any: unknown): boolean {
  if (typeof any === 'string') return !any.includes('\ufffd') && any.isWellFormed()
  if (Array.isArray(any)) return any.every(isPlain)
  if (!(any instanceof Map)) return true
  return [...any].every(([k, v]) => typeof k === 'string' && isPlain(k) && isPlain(v))
}

describe('any value', () => {
  for (const from of SERIALIZERS) {
    for (const to of SERIALIZERS) {
      it(`goes from ${from.name} to ${to.name} unchanged`, () => {
        fc.assert(
          fc.property(small, ([args, kwargs]) => {
            const frame = from.encode(publish(Payload.of(args, kwargs), kwargs))
            const { payload, options } = from.decode(frame) as Publish
            expect(canonical(options)).deep.equal(canonical(kwargs))
            const there = to.decode(to.encode(publish(payload, options))) as Publish
            expect(canonical(there.options)).deep.equal(canonical(kwargs))
            expect(canonical(there.payload.open())).deep.equal(canonical({ args, kwargs }))
          }),
          { numRuns: 300 },
        )
      })
    }
  }
})

describe('any frame', () => {
  for (const serializer of SERIALIZERS) {
    it(`of random bytes is ${serializer.name} or a violation`, () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
          admitted(serializer, bytes)
        }),
        { numRuns: 3000 },
      )
    })

    it(`that ${serializer.name} admits is opened and goes to every other format`, () => {
      fc.assert(
        fc.property(frames(serializer), frame => {
          const message = admitted(serializer, frame)
          if (message === undefined || !('payload' in message)) return
          const { payload } = message
          const values = payload.open()
          expect(Object.keys(values)).length(payload.count)
          for (const to of SERIALIZERS) {
            const event = {
              type: 36,
              subscription: 1,
              publication: 2,
              details: {},
              payload,
            } as const
            const there = (to.decode(to.encode(event)) as { payload: Payload }).payload
            expect(there.count).equal(payload.count)
            const back = canonical(there.open())
            if (to === serializer) expect(back).deep.equal(canonical(values))
          }
        }),
        { numRuns: 3000 },
      )
    })
  }
})

describe('the walker of a tail agrees with the full decoder', () => {
  const grammar = fc
    .array(
      fc.constantFrom(
        ...['[', ']', '{', '}', ',', ':', '"', '"a"', '\\', '\\"', '\\u0041', ' ', '\n', '0', '1'],
        ...[
          '-',
          '.',
          'e',
          '+',
          'true',
          'null',
          'fals',
          '"a":1',
          '[]',
          '{}',
          '\u0001',
          'ä',
          '"',
          '💡',
        ],
      ),
      { maxLength: 14 },
    )
    .map(words => words.join(''))
  const inJson = fc.oneof(
    grammar,
    fc.tuple(fc.json(), damage).map(([words, changes]) => {
      return Buffer.from(damaged(Buffer.from(words), changes)).toString()
    }),
  )

  it('in json', () => {
    fc.assert(
      fc.property(inJson, text.map(JSON.stringify), (words, string) => {
        for (const tail of [
          words,
          `[${words}]`,
          `[${string},${words}]`,
          `[],{${string}:${words}}`,
        ]) {
          const frame = new Uint8Array(Buffer.from(`[16,1,{},"a.b",${tail}]`))
          const decode = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString())
          const [ours, theirs] = [parts(json, frame), judged(decode, frame)]
          expect(ours === undefined, tail).equal(theirs === undefined)
          if (tail.includes('u0000') || /\d{16}/.test(tail)) return
          expect(canonical(ours)).deep.equal(canonical(theirs))
        }
      }),
      { numRuns: 4000 },
    )
  })

  const publishes = (serializer: Serializer) =>
    fc
      .tuple(small, fc.boolean(), damage)
      .map(([[args, kwargs], both, changes]) =>
        damaged(serializer.encode(publish(Payload.of(args, both ? kwargs : undefined))), changes),
      )

  it('in msgpack', () => {
    const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: false })
    fc.assert(
      fc.property(publishes(msgpack), frame => {
        const ours = parts(msgpack, frame)
        const theirs = judged(bytes => unpackr.unpack(bytes), frame)
        // Extensions are ours alone to read; that they are sound is the walker's own word.
        if (frame.some(c => c === 0xc1 || (c >= 0xc7 && c <= 0xc9) || (c >= 0xd4 && c <= 0xd8)))
          return
        if (ours !== undefined) expect(canonical(theirs)).deep.equal(canonical(ours))
        else if (theirs !== undefined) expect(isPlain(theirs)).equal(false)
      }),
      { numRuns: 4000 },
    )
  })

  it('in cbor', () => {
    const decoder = new Decoder({ useRecords: false, mapsAsObjects: false })
    fc.assert(
      fc.property(publishes(cbor), frame => {
        const ours = parts(cbor, frame)
        const theirs = judged(bytes => decoder.decode(bytes), frame)
        // Tags, strings in parts and simple values are ours alone to read.
        if (frame.some(c => c >> 5 === 6 || (c >= 0xe0 && c < 0xf4) || c === 0xf8)) return
        if (frame.includes(0x5f) || frame.includes(0x7f)) return
        if (ours !== undefined) expect(canonical(theirs)).deep.equal(canonical(ours))
        else if (theirs !== undefined) expect(isPlain(theirs)).equal(false)
      }),
      { numRuns: 4000 },
    )
  })
})
