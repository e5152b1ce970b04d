import { expect } from 'chai'
import fc from 'fast-check'
import { batching } from '../../src/serializer/batched.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** The messages of a frame in hex, and what is wrong with it. */
function split(binary: boolean, frame: Uint8Array): { messages: string[]; fault?: string } {
  const messages: string[] = []
  const fault = batching(binary).split(frame, message =>
    messages.push(Buffer.from(message).toString('hex')),
  )
  return fault === undefined ? { messages } : { messages, fault }
}

/** Messages of JSON have no control characters; others may be any bytes. */
const messagesOf = (binary: boolean) =>
  fc.array(
    binary
      ? fc.uint8Array({ maxLength: 300 })
      : fc.uint8Array({ min: 0x20, minLength: 1, maxLength: 300 }),
    { minLength: 1, maxLength: 50 },
  )

describe('batches', () => {
  for (const binary of [false, true]) {
    const name = binary ? 'of binary messages' : 'of JSON'

    it(`${name} give back what was put in`, () => {
      fc.assert(
        fc.property(messagesOf(binary), messages => {
          const found = batching(binary)
            .join(messages)
            .flatMap(batch => split(binary, batch).messages)
          expect(found).deep.equal(messages.map(one => Buffer.from(one).toString('hex')))
        }),
        { numRuns: 200 },
      )
    })

    it(`${name} put together are one`, () => {
      fc.assert(
        fc.property(messagesOf(binary), messagesOf(binary), (some, more) => {
          const { join } = batching(binary)
          const whole = Buffer.concat([...join(some), ...join(more)])
          expect(split(binary, whole).messages).length(some.length + more.length)
        }),
        { numRuns: 100 },
      )
    })

    it(`${name}: any bytes are split within their bounds or refused`, () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 100 }), bytes => {
          let sum = 0
          const fault = batching(binary).split(bytes, message => {
            expect(message.buffer).equal(bytes.buffer)
            sum += message.length + (binary ? 4 : 1)
          })
          if (fault === undefined) expect(sum).equal(bytes.length)
          else expect(sum).at.most(bytes.length)
        }),
        { numRuns: 500 },
      )
    })

    it(`${name} without a message are refused`, () => {
      expect(split(binary, hex('')).fault).equal('batch: without a message')
    })

    it(`${name} are of 64 KiB at most, unless a message is larger`, () => {
      const sizes = [10, 65_000, 600, 70_000, 1, 1]
      const batches = batching(binary).join(sizes.map(size => Buffer.alloc(size, 'x')))
      const counts = batches.map(batch => split(binary, batch).messages.length)
      expect(counts).deep.equal([2, 1, 1, 2])
    })
  }

  it('of JSON have a separator behind each message', () => {
    expect(Buffer.concat(batching(false).join([hex('5b5d'), hex('5b')]))).deep.equal(
      hex('5b5d1e 5b1e'),
    )
    expect(split(false, hex('5b5d1e 5b1e'))).deep.equal({ messages: ['5b5d', '5b'] })
  })

  it('of JSON need the last separator, too', () => {
    expect(split(false, hex('5b5d1e 5b5d'))).deep.equal({
      messages: [],
      fault: 'batch: the last message is not followed by 0x1E',
    })
  })

  it('of JSON are separated for a peer as that peer separates them', () => {
    const batches = batching(false)
    const found: string[] = []
    batches.split(hex('5b5d18 5b18'), message => found.push(Buffer.from(message).toString('hex')))
    expect(found).deep.equal(['5b5d', '5b'])
    expect(batches.join([hex('5b5d')])).deep.equal([hex('5b5d18')])
  })

  it('of binary messages have a length before each', () => {
    expect(batching(true).join([hex('9001'), hex('')])).deep.equal([hex('00000002 9001 00000000')])
  })

  it('of binary messages must end with one', () => {
    const cut = 'batch: a length of less than 4 bytes'
    const long = 'batch: a message is longer than what is left of the frame'
    expect(split(true, hex('00000001 90 000000'))).deep.equal({ messages: ['90'], fault: cut })
    expect(split(true, hex('00000002 90'))).deep.equal({ messages: [], fault: long })
    expect(split(true, hex('ffffffff 90'))).deep.equal({ messages: [], fault: long })
  })
})
