import { expect } from 'chai'
import { PayloadError, WampError } from '../../src/protocol/errors.ts'
import { NO_PAYLOAD, type Opened, Payload, type TailCodec } from '../../src/protocol/payload.ts'

/** A codec that counts its work. */
function codec(): TailCodec & { opened: number; closed: number } {
  return {
    opened: 0,
    closed: 0,
    openTail(bytes: Uint8Array): Opened {
      this.opened++
      return { args: [...bytes] }
    },
    closeTail({ args = [] }: Opened): Uint8Array {
      this.closed++
      return Uint8Array.from(args as number[])
    },
  }
}

describe('a payload', () => {
  it('of values counts its elements; kwargs need args before them', () => {
    expect(Payload.of()).equal(NO_PAYLOAD)
    expect(Payload.of([1])).include({ count: 1, codec: null })
    expect(Payload.of(undefined, { a: 1 }).open()).deep.equal({ args: [], kwargs: { a: 1 } })
    expect(Payload.of([], {}).count).equal(2)
    expect(NO_PAYLOAD.open()).deep.equal({})
  })

  it('of bytes is opened only when asked, from its own bytes, once', () => {
    const from = codec()
    const payload = new Payload(from, 1, Uint8Array.of(9, 1, 2, 9), 1, 3, null)
    expect(from.opened).equal(0)
    expect(payload.open()).deep.equal({ args: [1, 2] })
    expect(payload.open()).equal(payload.open())
    expect(from.opened).equal(1)
  })

  it('is translated once for each other codec', () => {
    const [from, to, other] = [codec(), codec(), codec()]
    const payload = new Payload(from, 1, Uint8Array.of(1, 2), 0, 2, null)
    expect(payload.tail(to)).deep.equal(Uint8Array.of(1, 2))
    expect(payload.tail(to)).equal(payload.tail(to))
    payload.tail(other)
    expect([from.opened, to.closed, other.closed]).deep.equal([1, 1, 1])
  })

  it('that cannot be translated says so by a PayloadError', () => {
    const broken: TailCodec = {
      openTail() {
        throw new Error('unreadable')
      },
      closeTail() {
        throw new RangeError('unwritable')
      },
    }
    expect(() => Payload.of([1]).tail(broken)).throws(PayloadError, 'unwritable')
    const unreadable = new Payload(broken, 1, new Uint8Array(1), 0, 1, null)
    expect(() => unreadable.tail(codec())).throws(PayloadError, 'unreadable')
  })

  it('that is kept does not change when its frame is overwritten', () => {
    const from = codec()
    const frame = Uint8Array.of(9, 1, 2, 9)
    const kept = new Payload(from, 1, frame, 1, 3, null).keep()
    frame.fill(0)
    expect(kept.open()).deep.equal({ args: [1, 2] })
    expect(kept).include({ codec: from, count: 1, from: 0, to: 2 })
  })

  it('that holds no bytes is kept as it is', () => {
    const values = Payload.of([1])
    expect(values.keep()).equal(values)
    const empty = new Payload(codec(), 0, new Uint8Array(5), 2, 2, null)
    expect(empty.keep()).equal(empty)
  })
})

describe('a WampError', () => {
  it('carries URI, args and kwargs, and says them', () => {
    const error = new WampError('com.app.error', ['because', 2], { a: 1 })
    expect(error).instanceOf(Error)
    expect(error).include({ name: 'WampError', uri: 'com.app.error' })
    expect(error.message).equal('com.app.error: because')
    expect([error.args, error.kwargs]).deep.equal([['because', 2], { a: 1 }])
  })

  it('needs nothing but the URI', () => {
    const error = new WampError('com.app.error')
    expect(error.message).equal('com.app.error')
    expect([error.args, error.kwargs]).deep.equal([[], {}])
  })
})
