import { expect } from 'chai'
import { ProtocolViolation } from '../../src/protocol/errors.ts'
import { type Message, type Publish, shapeOf, shapes } from '../../src/protocol/messages.ts'
import { type Opened, Payload } from '../../src/protocol/payload.ts'
import { MAX_DEPTH, MAX_DICT, type Serializer } from '../../src/serializer/serializer.ts'
import { plain, WIRE, withPayload } from './wire.ts'

export interface Format {
  serializer: Serializer
  /** A library called directly, so that our reader and our writer cannot share a mistake. */
  write(value: unknown): Uint8Array
  read(bytes: Uint8Array): unknown
  /** A PUBLISH whose args nest so deep. */
  nested(levels: number): Uint8Array
}

export function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))
}

/** The violation that a frame is refused with. */
export function refusal(serializer: Serializer, frame: Uint8Array): string {
  let message: Message
  try {
    message = serializer.decode(frame)
  } catch (error) {
    expect(error).instanceOf(ProtocolViolation)
    return (error as Error).message
  }
  throw new Error(`was admitted: ${message.type} of ${Buffer.from(frame).toString('hex')}`)
}

/** The payload of a frame that is a PUBLISH. */
export function opened(serializer: Serializer, frame: Uint8Array): Opened {
  return (serializer.decode(frame) as Publish).payload.open()
}

/** What every serializer must do. */
export function behavesLikeASerializer({ serializer, write, read, nested }: Format): void {
  const decode = (...elements: unknown[]) => plain(serializer.decode(write(elements)))
  const refused = (...elements: unknown[]) => refusal(serializer, write(elements))

  describe('messages', () => {
    it('are all in the table of this test', () => {
      expect(WIRE.map(wire => wire.message.type)).deep.equal(shapes().map(shape => shape.code))
    })

    for (const bare of WIRE) {
      const shape = shapeOf(bare.message.type)
      if (shape === undefined) throw new Error(`no shape for ${bare.message.type}`)
      const { name } = shape
      const variants = !shape.tail
        ? [bare]
        : [
            bare,
            withPayload(bare, []),
            withPayload(bare, [1, 'two', null]),
            withPayload(bare, [], {}),
            withPayload(bare, [[], {}], { 'a key': { deep: [true] } }),
          ]
      const [longest] = variants.slice(-1) as [typeof bare]
      const fields = Object.keys(bare.message).slice(1, shape.head)

      it(`${name} lies on the wire as specified`, () => {
        for (const { elements, message } of variants) {
          expect(read(serializer.encode(message))).deep.equal(elements)
          expect(plain(serializer.decode(write(elements)))).deep.equal(plain(message))
        }
      })

      it(`${name} comes back as it was written`, () => {
        for (const { message } of variants) {
          expect(plain(serializer.decode(serializer.encode(message)))).deep.equal(plain(message))
        }
      })

      it(`${name} without one of its elements is refused`, () => {
        fields.forEach((field, i) => {
          expect(refused(...bare.elements.slice(0, i + 1))).equal(`${name}: ${field} is missing`)
        })
      })

      it(`${name} with one element too many is refused`, () => {
        const longer = shape.tail ? withPayload(bare, [], {}).elements : bare.elements
        for (const surplus of [1, [], {}, null]) {
          expect(refused(...longer, surplus)).equal(`${name}: has surplus elements`)
        }
      })

      it(`${name} with an element of another type is refused`, () => {
        const values = [null, true, 'text', [], {}, -1, 1.5, ''] as const
        fields.forEach((field, i) => {
          const kind = typeof bare.elements[i + 1]
          for (const value of values) {
            if (
              kind === typeof value &&
              value !== null &&
              !Array.isArray(value) &&
              kind !== 'number'
            )
              continue
            const elements = bare.elements.with(i + 1, value)
            expect(refused(...elements), String(value)).match(new RegExp(`^${name}: ${field} `))
          }
        })
      })

      it(`${name} that is cut off anywhere is refused`, () => {
        const frame = serializer.encode(longest.message)
        for (let i = 0; i < frame.length; i++) refusal(serializer, frame.subarray(0, i))
      })

      it(`${name} with something behind it is refused`, () => {
        for (const { message } of variants) {
          const frame = serializer.encode(message)
          const text = refusal(serializer, Buffer.concat([frame, frame]))
          expect(text).equal(`${name}: is followed by something else`)
        }
      })
    }

    it('that are no list or have no known type are refused', () => {
      for (const value of [null, 1, 'text', {}, true]) {
        expect(refusal(serializer, write(value))).match(/^message: /)
      }
      expect(refused()).match(/^message: /)
      for (const code of [0, 7, 9, 15, 71, 256, 1023, 9007199254740992]) {
        expect(refused(code, 1, {}, 'a.b')).equal(`unknown message type ${code}`)
      }
      for (const code of [-1, 1.5, '1', null, [1], {}]) {
        expect(refused(code, 1, {}, 'a.b')).match(/^message: message type /)
      }
    })

    it('that are empty are refused', () => {
      expect(refusal(serializer, new Uint8Array(0))).match(/^message: /)
    })

    it('with args or kwargs of another type, null included, are refused', () => {
      for (const args of [null, {}, 'text', 1, false]) {
        expect(refused(16, 1, {}, 'a.b', args)).equal('PUBLISH: args is no list')
      }
      for (const kwargs of [null, [], 'text', 1, false]) {
        expect(refused(16, 1, {}, 'a.b', [], kwargs)).equal('PUBLISH: kwargs is no dict')
      }
    })

    it('are read from views into larger memory', () => {
      const frame = write([16, 1, { a: 'b' }, 'a.b', [new Date(0).toISOString(), 1], { c: 2.5 }])
      const memory = Buffer.concat([Buffer.from('garbage'), frame, Buffer.from('garbage')])
      const message = serializer.decode(memory.subarray(7, 7 + frame.length))
      expect(plain(message)).deep.equal(plain(serializer.decode(frame)))
    })
  })

  describe('ids', () => {
    const first = (id: unknown) => (decode(16, id, {}, 'a.b') as Publish).request
    const last = (id: unknown) => (decode(17, 1, id) as { publication: number }).publication

    it('from 1 to 2^53 are taken', () => {
      for (const power of [1, 8, 15, 16, 31, 32, 33, 48, 52, 53]) {
        for (const id of [2 ** power - 1, 2 ** power]) {
          expect(first(id)).equal(id)
          expect(last(id)).equal(id)
        }
      }
    })

    it('outside of that are refused', () => {
      for (const id of [
        0,
        -0,
        -1,
        -(2 ** 31),
        -(2 ** 53),
        0.5,
        1.5,
        2 ** 54,
        1e300,
        Infinity,
        NaN,
      ]) {
        expect(refused(16, id, {}, 'a.b'), `${id}`).match(/^PUBLISH: request /)
        expect(refused(17, 1, id), `${id}`).match(/^PUBLISHED: publication /)
      }
    })

    it('are written as integers, the largest too', () => {
      const frame = serializer.encode({ type: 17, request: 2 ** 32, publication: 2 ** 53 })
      expect(read(frame)).deep.equal([17, 2 ** 32, 2 ** 53])
    })
  })

  describe('dicts', () => {
    it('keep keys that mean something to JavaScript as plain data', () => {
      const dict = JSON.parse(
        '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},' +
          '"toJSON":"x","hasOwnProperty":0,"":1,"0":2,"valueOf":null,"length":-1,"isLosslessNumber":true}',
      )
      const text = (value: unknown) => JSON.stringify(value)
      const message = serializer.decode(
        serializer.encode({
          type: 16,
          request: 1,
          options: dict,
          topic: 'a.b',
          payload: Payload.of([dict, [dict]], { dict }),
        }),
      ) as Publish
      const sorted = (value: unknown) => text(value).split('').sort().join('')
      expect(sorted(message.options)).equal(sorted(dict))
      expect(Object.keys(message.options)).include('__proto__')
      expect(Object.getPrototypeOf(message.options)).equal(Object.prototype)
      expect(sorted(message.payload.open())).equal(
        sorted({ args: [dict, [dict]], kwargs: { dict } }),
      )
      expect(({} as { polluted?: number }).polluted).equal(undefined)
    })

    it('are refused in a head when they are large, for opened they are larger by far', () => {
      const options = { text: 'a'.repeat(MAX_DICT) }
      expect(() => decode(16, 1, options, 'a.b')).throw(
        ProtocolViolation,
        `PUBLISH: options has more than ${MAX_DICT} bytes`,
      )
    })

    it('come in any order of keys, and in any number', () => {
      const keys = (count: number) =>
        Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]))
      const options = keys(10000)
      const many = keys(70000)
      expect(decode(16, 1, options, 'a.b', [], many)).deep.equal({
        type: 16,
        request: 1,
        options,
        topic: 'a.b',
        payload: { args: [], kwargs: many },
      })
    })
  })

  describe('strings', () => {
    const topic = (text: string) => (decode(16, 1, {}, text) as Publish).topic

    it('of any length and any Unicode are read and written', () => {
      for (const length of [0, 1, 15, 23, 24, 31, 32, 63, 64, 65, 255, 256, 65535, 65536, 100000]) {
        for (const letter of ['a', '"', '\\', '\n', '\u007f', 'ä', '€', '😀']) {
          const text = letter.repeat(Math.ceil(length / letter.length))
          expect(topic(text)).equal(text)
          const payload = Payload.of([text], { [text]: text })
          const options = { text: text.slice(0, 50000) }
          const message = { type: 16, request: 1, options, topic: text, payload } as const
          const again = serializer.decode(serializer.encode(message))
          expect(plain(again)).deep.equal(plain(message))
        }
      }
    })

    it('with lone surrogates are written as sound text', () => {
      const payload = Payload.of(['\ud800', 'a\udc00b'], { '\ud83d': '\ude00\ud83d' })
      const frame = serializer.encode({
        type: 16,
        request: 1,
        options: {},
        topic: '\udfff',
        payload,
      })
      const { topic, payload: back } = serializer.decode(frame) as Publish
      const [wide, ...args] = [topic, ...(back.open().args as string[])].map(t => t.toWellFormed())
      expect([wide, ...args]).deep.equal(['\ufffd', '\ufffd', 'a\ufffdb'])
    })
  })

  describe('nesting', () => {
    it('is read down to the limit', () => {
      let value: unknown = opened(serializer, nested(MAX_DEPTH)).args
      for (let i = 1; i < MAX_DEPTH; i++) [value] = value as [unknown]
      expect(value).deep.equal([])
    })

    it('is refused beyond the limit, however deep', () => {
      for (const levels of [MAX_DEPTH + 1, 2000, 200000]) {
        const start = performance.now()
        expect(refusal(serializer, nested(levels))).match(/^PUBLISH: is nested deeper than 256/)
        expect(performance.now() - start).below(200)
      }
    })

    it('is limited in options as well', () => {
      let deep: unknown = {}
      for (let i = 0; i < MAX_DEPTH; i++) deep = { deep }
      expect(refused(16, 1, deep, 'a.b')).match(/^PUBLISH: is nested deeper/)
    })
  })

  describe('payloads', () => {
    it('of a frame of this format reach another one byte for byte', () => {
      const frame = write([16, 1, {}, 'a.b', [1.5, 'text', { a: [] }], { b: null }])
      const { payload } = serializer.decode(frame) as Publish
      const tail = Buffer.from(payload.bytes.subarray(payload.from, payload.to))
      const event = serializer.encode({
        type: 36,
        subscription: 2 ** 40,
        publication: 2 ** 53,
        details: { topic: 'a.b' },
        payload,
      })
      expect(Buffer.from(event).includes(tail)).equal(true)
      expect(read(event)).deep.equal([
        36,
        2 ** 40,
        2 ** 53,
        { topic: 'a.b' },
        [1.5, 'text', { a: [] }],
        { b: null },
      ])
    })

    it('of a few megabytes are carried', () => {
      const text = 'x'.repeat(3 << 20)
      const payload = Payload.of([text])
      const frame = serializer.encode({ type: 16, request: 1, options: {}, topic: 'a.b', payload })
      expect(opened(serializer, frame)).deep.equal({ args: [text] })
    })

    it('of a revocation stand behind the head of UNREGISTERED', () => {
      const frame = serializer.encode({ type: 67, request: 0, details: { registration: 3 } })
      expect(read(frame)).deep.equal([67, 0, { registration: 3 }])
    })

    it('that a format cannot carry are refused, and the next message is whole', () => {
      for (const value of [() => 1, Symbol('s')]) {
        const payload = Payload.of([value])
        const message = { type: 16, request: 1, options: {}, topic: 'a.b', payload } as const
        expect(() => serializer.encode(message)).throws('cannot be sent')
        const next = serializer.encode({ type: 67, request: 5, details: null })
        expect(read(next)).deep.equal([67, 5])
      }
    })

    it('written undefined are null', () => {
      const payload = Payload.of([undefined, [undefined]], { a: undefined })
      const frame = serializer.encode({ type: 16, request: 1, options: {}, topic: 'a.b', payload })
      expect(opened(serializer, frame)).deep.equal({ args: [null, [null]], kwargs: { a: null } })
    })
  })
}
