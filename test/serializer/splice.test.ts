import { expect } from 'chai'
import type { EventMessage, Publish } from '../../src/protocol/messages.ts'
import { Payload } from '../../src/protocol/payload.ts'
import { SERIALIZERS } from '../../src/serializer/registry.ts'
import type { Serializer } from '../../src/serializer/serializer.ts'
import { hex } from './suite.ts'

/** A payload as a subscriber opens it, when a publisher has sent it. */
function crossed(from: Serializer, to: Serializer, sent: Payload): Payload {
  const frame = from.encode({ type: 16, request: 1, options: {}, topic: 'a.b', payload: sent })
  const { payload } = from.decode(frame) as Publish
  const event = { type: 36, subscription: 1, publication: 2, details: {}, payload } as const
  return (to.decode(to.encode(event)) as EventMessage).payload
}

const VALUES: [string, unknown][] = [
  ['null', null],
  ['booleans', [true, false]],
  ['small integers', [0, 1, -1, 23, 24, 127, 128, 255, 256, -32, -33, -128, -129, 65535, 65536]],
  ['32-bit integers', [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, -(2 ** 31), -(2 ** 31) - 1]],
  ['integers up to 2^53', [2 ** 40, -(2 ** 40), 2 ** 53 - 1, -(2 ** 53) + 1]],
  ['integers of 64 bits', [2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n]],
  ['the outermost integers', [-(2n ** 63n), 2n ** 63n, 2n ** 64n - 1n]],
  ['doubles', [0.1, -0.1, 1.5, 1 / 3, 5e-324, 1.7976931348623157e308, 1e21, -1e300, 2.5e-10]],
  [
    'strings',
    ['', 'a', '1', 'null', '"\\/\b\f\n\r\t', 'äß', '水', '😀𐅑', 'e\u0301', '\u007f\u0080'],
  ],
  ['long strings', ['x'.repeat(31), 'x'.repeat(300), '😀'.repeat(30000)]],
  ['empty containers', [[], {}, [[]], [{}], { a: {}, b: [] }]],
  ['keys', { '': 1, '0': 2, 'a b': 3, ключ: 4, toJSON: 5, constructor: 6, __proto__x: 7 }],
  ['nested ones', [{ a: [{ b: [[1, [2]], { c: { d: null } }] }] }]],
  ['bytes', [new Uint8Array(0), hex('00'), hex('10e3ff9053075c526f5fc06d4fe37cdb')]],
  ['long bytes', [new Uint8Array(255), new Uint8Array(256), new Uint8Array(70000).fill(7)]],
  ['bytes inside', { a: { b: [hex('ff'), { c: hex('fffe') }] } }],
  ['text behind NUL', ['\0not base64', '\0AAA', '\0\0', { a: '\0?' }]],
  ['keys behind NUL', [{ '\0AAAA': 1, '\0': 2 }]],
]

describe('payloads between serializers', () => {
  for (const from of SERIALIZERS) {
    for (const to of SERIALIZERS) {
      describe(`from ${from.name} to ${to.name}`, () => {
        for (const [name, value] of VALUES) {
          it(`keep ${name}`, () => {
            const dict = { value }
            expect(crossed(from, to, Payload.of([value])).open()).deep.equal({ args: [value] })
            expect(crossed(from, to, Payload.of([value], dict)).open()).deep.equal({
              args: [value],
              kwargs: dict,
            })
            expect(crossed(from, to, Payload.of([], dict)).open()).deep.equal({
              args: [],
              kwargs: dict,
            })
          })
        }

        it('keep the absence of args and kwargs', () => {
          expect(crossed(from, to, Payload.of()).count).equal(0)
          expect(crossed(from, to, Payload.of()).open()).deep.equal({})
          expect(crossed(from, to, Payload.of([])).open()).deep.equal({ args: [] })
          expect(crossed(from, to, Payload.of([], {})).open()).deep.equal({ args: [], kwargs: {} })
        })

        it('keep __proto__ as a key', () => {
          const dict = JSON.parse('{"__proto__":{"__proto__":[1]},"n":9007199254740991}')
          const [back] = crossed(from, to, Payload.of([dict])).open().args as [object]
          expect(JSON.stringify(back)).equal(JSON.stringify(dict))
          expect(Object.getPrototypeOf(back)).equal(Object.prototype)
        })

        it('turn what JSON has no word for into null, and only there', () => {
          const sent = [NaN, Infinity, -Infinity]
          const back = crossed(from, to, Payload.of(sent)).open().args
          const json = from.name === 'json' || to.name === 'json'
          expect(back).deep.equal(json ? [null, null, null] : sent)
        })

        it('keep the value of whole doubles beyond 2^53', () => {
          const sent = [2 ** 60, 2 ** 63, 2 ** 70, -(2 ** 62), 1e20, 1e21, 123456789012345680000]
          const back = crossed(from, to, Payload.of(sent)).open().args as (number | bigint)[]
          expect(back.map(n => BigInt(n))).deep.equal(sent.map(n => BigInt(n)))
        })

        it('replace lone surrogates at the latest where text is UTF-8', () => {
          const sent = Payload.of(['a\ud800', { '\udc00': '\ude00\ud83d' }])
          const back = crossed(from, to, sent).open().args
          expect(JSON.stringify(back).replaceAll(/\\ud[89a-f]../g, '\ufffd')).equal(
            '["a\ufffd",{"\ufffd":"\ufffd\ufffd"}]',
          )
          if (from.binary || to.binary) expect(JSON.stringify(back)).not.include('\\ud')
        })

        if (from !== to) return
        it('go on byte for byte', () => {
          const values = VALUES.map(([, value]) => value)
          const frame = from.encode({
            type: 16,
            request: 1,
            options: {},
            topic: 'a.b',
            payload: Payload.of(values, { values }),
          })
          const { payload } = from.decode(frame) as Publish
          const tail = Buffer.from(payload.bytes.slice(payload.from, payload.to))
          const next = crossed(from, to, payload)
          const spliced = Buffer.from(next.bytes.slice(next.from, next.to))
          expect(spliced.equals(tail)).equal(true)
        })
      })
    }
  }

  it('are translated once for each format', () => {
    for (const from of SERIALIZERS) {
      const frame = from.encode({
        type: 16,
        request: 1,
        options: {},
        topic: 'a.b',
        payload: Payload.of([1]),
      })
      const { payload } = from.decode(frame) as Publish
      for (const to of SERIALIZERS) {
        if (to !== from) expect(payload.tail(to)).equal(payload.tail(to))
      }
    }
  })

  it('do not share memory with the frame they came in', () => {
    for (const from of SERIALIZERS) {
      const frame = from.encode({
        type: 16,
        request: 1,
        options: { bytes: hex('aabb') },
        topic: 'a.b',
        payload: Payload.of([hex('0102'), 'text'], { a: { b: hex('03') } }),
      })
      const own = new Uint8Array(frame)
      const { payload, options, topic } = from.decode(own) as Publish
      const values = payload.open()
      own.fill(0)
      expect(topic).equal('a.b')
      expect(options).deep.equal({ bytes: hex('aabb') })
      expect(values).deep.equal({ args: [hex('0102'), 'text'], kwargs: { a: { b: hex('03') } } })
    }
  })

  it('of extension types reach every format', () => {
    const [json, msgpack, cbor] = SERIALIZERS as [Serializer, Serializer, Serializer]
    const frames: [Serializer, string, unknown[]][] = [
      [
        msgpack,
        '95 10 01 80 a1 74 92 d6ff00000000 d5050102',
        ['1970-01-01T00:00:00.000Z', hex('0102')],
      ],
      [
        cbor,
        '85 10 01 a0 61 74 82 d84043010203 c249010000000000000000',
        [hex('010203'), 2n ** 64n],
      ],
      [cbor, '85 10 01 a0 61 74 82 7f6161ff d81c81d81d00', ['a', [0]]],
    ]
    for (const [from, text, values] of frames) {
      for (const to of [json, msgpack, cbor]) {
        const { payload } = from.decode(hex(text)) as Publish
        const back = crossed(from, to, payload).open().args as unknown[]
        const exact = to === json || to === from
        expect(back).deep.equal(values.map(v => (typeof v === 'bigint' && !exact ? Number(v) : v)))
      }
    }
  })
})
