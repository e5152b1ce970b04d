import { expect } from 'chai'
import { batching } from '../../src/serializer/batched.ts'
import { BatchReader } from '../../src/session/batch-reader.ts'
import type { Link } from '../../src/session/link.ts'

const turn = () => new Promise(resolve => setImmediate(resolve))
const MB = 1 << 20

/** A link whose messages take a while, and its reader. */
class Slow {
  isDeaf = false
  held = 0
  now = 0
  cost = 1
  isGone = false
  readonly heard: string[] = []
  readonly farewells: string[] = []
  readonly violations: string[] = []
  /** Is called with each message. */
  onMessage: (text: string) => void = () => {}
  readonly reader: BatchReader
  readonly #batching = batching(false)

  constructor() {
    const link = this as unknown as Link
    this.reader = new BatchReader(link, this.#batching, false, () => this.now)
  }

  bytes(message: Uint8Array): void {
    this.now += this.cost
    const text = Buffer.from(message).toString()
    this.heard.push(text.slice(0, 10))
    this.onMessage(text)
  }

  hold(bytes: number): void {
    this.held += bytes
  }

  alive(): void {}

  violated(rule: string): void {
    this.violations.push(rule)
    this.isDeaf = true
  }

  farewell(_code: number, reason: string): void {
    this.farewells.push(reason)
    this.isDeaf = true
  }

  closed(): void {
    this.isGone = true
    this.isDeaf = true
  }

  /** The frame's bytes are gone once it is taken. */
  takes(...messages: string[]): void {
    const [frame] = this.#batching.join(messages.map(text => Buffer.from(text)))
    this.reader.bytes(frame as Uint8Array, false)
    frame?.fill(0)
  }

  async rest(): Promise<void> {
    for (let i = 0; i < 1000 && this.held > 0; i++) await turn()
    expect(this.held).equal(0)
  }
}

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => String(from + i))

describe('the reader of batches', () => {
  it('hands on at once what takes little time', () => {
    const link = new Slow()
    link.cost = 0
    link.takes(...numbers(0, 5000))
    expect([link.heard.length, link.held]).deep.equal([5000, 0])
  })

  it('spreads what takes long over turns, in order, and later frames wait behind', async () => {
    const link = new Slow()
    link.takes(...numbers(0, 200))
    expect(link.heard.length).within(1, 30)
    link.takes(...numbers(200, 300))
    link.takes('300')
    const before = link.heard.length
    await turn()
    expect(link.heard.length - before).within(1, 30)
    await link.rest()
    expect(link.heard).deep.equal(numbers(0, 301))
  })

  it('looks at the clock between frames of few messages, too', async () => {
    const link = new Slow()
    link.takes(...numbers(0, 20))
    for (let i = 20; i < 60; i++) link.takes(String(i))
    const before = link.heard.length
    await turn()
    expect(link.heard.length - before).within(1, 30)
    await link.rest()
    expect(link.heard).deep.equal(numbers(0, 60))
  })

  it('takes one slice in a turn, though all was worked off in between', async () => {
    const link = new Slow()
    const big = 'x'.repeat(9 * MB)
    link.takes(...numbers(0, 20))
    link.takes(big)
    // Now there is too much: it is worked off, and something waits anew.
    link.takes(big)
    link.takes(...numbers(0, 100))
    const before = link.heard.length
    await turn()
    expect(link.heard.length - before).within(1, 20)
    await link.rest()
    expect(link.farewells).deep.equal([])
  })

  it('stops where the link hears no more, and keeps nothing', async () => {
    const link = new Slow()
    link.onMessage = text => {
      if (text === '50') link.isDeaf = true
    }
    link.takes(...numbers(0, 200))
    await link.rest()
    expect(link.heard).deep.equal(numbers(0, 51))
  })

  it('ends who sends more than is worked off', async () => {
    const link = new Slow()
    link.cost = 50
    link.takes(...numbers(0, 200))
    const big = 'x'.repeat(9 * MB)
    link.takes(big)
    expect(link.held).above(9 * MB)
    link.takes(big)
    expect(link.farewells).deep.equal(['batches come faster than they can be worked off'])
    expect(link.held).equal(0)
  })

  it('hears what a client sent before it went', () => {
    const link = new Slow()
    link.takes(...numbers(0, 60))
    link.reader.closed()
    expect(link.heard).deep.equal(numbers(0, 60))
    expect([link.isGone, link.held]).deep.equal([true, 0])
  })

  it('drops what takes too long once the client has gone', async () => {
    const link = new Slow()
    link.takes(...numbers(0, 1000))
    link.reader.closed()
    expect(link.heard.length).within(100, 150)
    expect([link.isGone, link.held]).deep.equal([true, 0])
    const before = link.heard.length
    await turn()
    expect(link.heard.length).equal(before)
  })

  it('finds the fault of a batch where it comes', async () => {
    const link = new Slow()
    const frame = Buffer.from(`${numbers(0, 50).join('\x1e')}\x1e`)
    link.reader.bytes(frame, false)
    link.reader.bytes(Buffer.from('cut off'), false)
    await link.rest()
    expect(link.heard).deep.equal(numbers(0, 50))
    expect(link.violations.length).equal(1)
  })
})
