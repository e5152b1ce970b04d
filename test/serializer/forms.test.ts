import { expect } from 'chai'
import fc from 'fast-check'
import type { Publish } from '../../src/protocol/messages.ts'
import { cbor } from '../../src/serializer/cbor.ts'
import { msgpack } from '../../src/serializer/msgpack.ts'
import { SERIALIZERS } from '../../src/serializer/registry.ts'
import type { Serializer } from '../../src/serializer/serializer.ts'
import { hex } from './suite.ts'
import { canonical } from './wire.ts'

/** A value and one of the many ways to write it, put together byte by byte. */
interface Form {
  bytes: Uint8Array
  value: unknown
}

const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
const utf8 = (text: string) => new Uint8Array(Buffer.from(text))
const text = fc.string({ unit: 'binary', maxLength: 90 }).filter(t => t.charCodeAt(0) !== 0)
const bytes = fc.uint8Array({ maxLength: 90 })
const natural = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })

/** An unsigned integer of so many bytes, the most significant first. */
function bigEndian(value: bigint, size: number): Uint8Array {
  return hex(value.toString(16).padStart(size * 2, '0'))
}

function list(items: Form[]): unknown[] {
  return items.map(item => item.value)
}

function dict(pairs: [Form, Form][]): object {
  return Object.fromEntries(pairs.map(([key, item]) => [key.value, item.value]))
}

/** A type and an argument in CBOR, in a form of 1, 2, 3, 5 or 9 bytes or the next that holds it. */
function cborHead(major: number, value: bigint | number, form: number): Uint8Array {
  const n = BigInt(value)
  const least = n < 24n ? 0 : n < 256n ? 1 : n < 65536n ? 2 : n < 4294967296n ? 3 : 4
  const width = Math.max(least, form)
  const first = (major << 5) | (width === 0 ? Number(n) : 23 + width)
  return width === 0
    ? Uint8Array.of(first)
    : join(Uint8Array.of(first), bigEndian(n, 2 ** (width - 1)))
}

const width = fc.nat(4)
const END = Uint8Array.of(0xff)

/** A string in CBOR, whole or in parts. */
function cborString<T>(major: 2 | 3, part: fc.Arbitrary<T>, data: (part: T) => Uint8Array) {
  const whole = fc.tuple(part, width).map(([value, form]) => {
    const content = data(value)
    return { parts: [value], bytes: join(cborHead(major, content.length, form), content) }
  })
  const chunks = fc.array(whole, { maxLength: 4 }).map(all => ({
    parts: all.flatMap(one => one.parts),
    bytes: join(Uint8Array.of((major << 5) | 31), ...all.map(one => one.bytes), END),
  }))
  return fc.oneof(whole, chunks)
}

const cborText = cborString(3, text, utf8).map(
  ({ parts, bytes }): Form => ({ bytes, value: parts.join('') }),
)
const cborBytes = cborString(2, bytes, part => part).map(
  ({ parts, bytes }): Form => ({ bytes, value: join(...parts) }),
)

const cborForm = fc.letrec<{ any: Form }>(tie => ({
  any: fc.oneof(
    { maxDepth: 5 },
    fc.tuple(natural, width).map(([n, form]) => ({ bytes: cborHead(0, n, form), value: n })),
    fc.tuple(natural, width).map(([n, form]) => ({ bytes: cborHead(1, n, form), value: -1n - n })),
    fc.constantFrom(
      { bytes: hex('f4'), value: false },
      { bytes: hex('f5'), value: true },
      { bytes: hex('f6'), value: null },
      { bytes: hex('f7'), value: null },
      { bytes: hex('f0'), value: null },
      { bytes: hex('f8 ff'), value: null },
      { bytes: hex('f9 3e00'), value: 1.5 },
      { bytes: hex('fa c0490fdb'), value: -3.1415927410125732 },
      { bytes: hex('fb 3ff199999999999a'), value: 1.1 },
    ),
    cborText,
    cborBytes,
    fc.tuple(fc.array(tie('any'), { maxLength: 6 }), fc.nat(5)).map(([items, form]) => {
      const parts = items.map(item => item.bytes)
      const told = join(cborHead(4, items.length, form), ...parts)
      return { bytes: form === 5 ? join(hex('9f'), ...parts, END) : told, value: list(items) }
    }),
    fc
      .tuple(fc.array(fc.tuple(cborText, tie('any')), { maxLength: 6 }), fc.nat(5))
      .map(([pairs, form]) => {
        const parts = pairs.flatMap(([key, item]) => [key.bytes, item.bytes])
        const told = join(cborHead(5, pairs.length, form), ...parts)
        return { bytes: form === 5 ? join(hex('bf'), ...parts, END) : told, value: dict(pairs) }
      }),
    fc
      .tuple(
        natural.filter(n => n !== 2n && n !== 3n),
        width,
        tie('any'),
      )
      .map(([n, form, item]) => ({
        bytes: join(cborHead(6, n, form), item.bytes),
        value: item.value,
      })),
    // A big number.
    fc
      .tuple(fc.uint8Array({ maxLength: 8 }), fc.boolean(), width, width)
      .map(([b, minus, w, v]) => {
        const n = BigInt(`0x0${Buffer.from(b).toString('hex')}`)
        const head = join(cborHead(6, minus ? 3 : 2, w), cborHead(2, b.length, v))
        return { bytes: join(head, b), value: minus ? -1n - n : n }
      }),
  ),
})).any

/** A length in MessagePack: in the first byte if there is a form for that, or in 1, 2 or 4 bytes. */
function lengthOf(n: number, form: number, fixed: [number, number], wide: number[]): Uint8Array {
  const [base, limit] = fixed
  if (form === 0 && n < limit) return Uint8Array.of(base | n)
  const at = Math.max(form - 1, n < 256 ? 0 : 1, 3 - wide.length)
  return join(Uint8Array.of(wide[at - (3 - wide.length)] as number), bigEndian(BigInt(n), 2 ** at))
}

const form = fc.nat(3)
const msgpackText = fc.tuple(text, form).map(([value, form]): Form => {
  const content = utf8(value)
  const head = lengthOf(content.length, form, [0xa0, 32], [0xd9, 0xda, 0xdb])
  return { bytes: join(head, content), value }
})

const msgpackForm = fc.letrec<{ any: Form }>(tie => ({
  any: fc.oneof(
    { maxDepth: 5 },
    fc.tuple(natural, fc.constantFrom(1, 2, 4, 8)).map(([n, size]) => {
      const value = BigInt.asUintN(size * 8, n)
      const type = Uint8Array.of(0xcc + Math.log2(size))
      return { bytes: join(type, bigEndian(value, size)), value }
    }),
    fc.tuple(natural, fc.constantFrom(1, 2, 4, 8)).map(([n, size]) => {
      const written = bigEndian(BigInt.asUintN(size * 8, n), size)
      const type = Uint8Array.of(0xd0 + Math.log2(size))
      return { bytes: join(type, written), value: BigInt.asIntN(size * 8, n) }
    }),
    fc.constantFrom(
      { bytes: hex('c0'), value: null },
      { bytes: hex('c2'), value: false },
      { bytes: hex('c3'), value: true },
      { bytes: hex('7f'), value: 127 },
      { bytes: hex('e0'), value: -32 },
      { bytes: hex('ca c0490fdb'), value: -3.1415927410125732 },
      { bytes: hex('cb 3ff199999999999a'), value: 1.1 },
      { bytes: hex('d4 00 00'), value: null },
      { bytes: hex('d6 ff 00000000'), value: '1970-01-01T00:00:00.000Z' },
    ),
    msgpackText,
    fc.tuple(bytes, form).map(([value, form]) => {
      const head = lengthOf(value.length, form, [0, 0], [0xc4, 0xc5, 0xc6])
      return { bytes: join(head, value), value }
    }),
    fc.tuple(bytes, form, fc.integer({ min: 1, max: 254 })).map(([value, form, type]) => {
      const head = lengthOf(value.length, form, [0, 0], [0xc7, 0xc8, 0xc9])
      return { bytes: join(head, Uint8Array.of(type), value), value }
    }),
    fc.tuple(bytes, fc.nat(4), fc.integer({ min: 1, max: 254 })).map(([some, form, type]) => {
      const value = new Uint8Array(2 ** form)
      value.set(some.subarray(0, value.length))
      return { bytes: join(Uint8Array.of(0xd4 + form, type), value), value }
    }),
    fc.tuple(fc.array(tie('any'), { maxLength: 20 }), form).map(([items, form]) => {
      const head = lengthOf(items.length, form, [0x90, 16], [0xdc, 0xdd])
      return { bytes: join(head, ...items.map(item => item.bytes)), value: list(items) }
    }),
    fc
      .tuple(fc.array(fc.tuple(msgpackText, tie('any')), { maxLength: 20 }), form)
      .map(([pairs, form]) => {
        const head = lengthOf(pairs.length, form, [0x80, 16], [0xde, 0xdf])
        const parts = pairs.flatMap(([key, item]) => [key.bytes, item.bytes])
        return { bytes: join(head, ...parts), value: dict(pairs) }
      }),
  ),
})).any

describe('every legal form of a value', () => {
  const formats: [Serializer, Uint8Array, fc.Arbitrary<Form>][] = [
    [msgpack, hex('95 10 01 80 a1 74 92'), msgpackForm],
    [cbor, hex('85 10 01 a0 61 74 82'), cborForm],
  ]
  for (const [serializer, head, any] of formats) {
    it(`in ${serializer.name} means the same in every format`, () => {
      fc.assert(
        fc.property(any, any, (first, second) => {
          const frame = join(head, first.bytes, second.bytes)
          const { payload } = serializer.decode(frame) as Publish
          const expected = canonical([first.value, second.value])
          expect(canonical(payload.open().args)).deep.equal(expected)
          for (const to of SERIALIZERS) {
            const there = to.decode(to.encode({ type: 70, request: 1, options: {}, payload }))
            const { args } = (there as Publish).payload.open()
            const outside = /-\d{19,}/.test(String(JSON.stringify(args, (_, v) => printed(v))))
            // Integers below -2^63 are doubles where another format has no room for them.
            if (!outside) expect(canonical(args)).deep.equal(expected)
          }
        }),
        { numRuns: 2000 },
      )
    })
  }
})

function printed(value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
