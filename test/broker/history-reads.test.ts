import { expect } from 'chai'
import type { Page } from '../../src/broker/history.ts'
import { HistoryReads } from '../../src/broker/history-reads.ts'
import { WampError } from '../../src/protocol/errors.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { Recorder } from '../helpers/recorder.ts'

const turn = () => new Promise(resolve => setImmediate(resolve))
const page: Page = { events: [], complete: true, more: false }

/** A read that takes so many steps of about a tenth of a millisecond. */
function* reading(steps: number, done = () => {}): Generator<void, Page> {
  for (let i = 0; i < steps; i++) {
    const until = performance.now() + 0.1
    while (performance.now() < until);
    yield
  }
  done()
  return page
}

describe('reads of histories', () => {
  const [alice, bob] = [new Recorder(), new Recorder()]
  const here = () => true
  let reads: HistoryReads

  beforeEach(() => {
    reads = new HistoryReads(new FakeClock())
  })

  it('are done at once where they are short', () => {
    expect(reads.read(alice, reading(15), here)).equal(page)
  })

  it('are done over several turns where they are long', async () => {
    let isDone = false
    const read = reads.read(alice, reading(100), here) as Promise<Page>
    void read.then(() => {
      isDone = true
    })
    for (let i = 0; i < 3; i++) await turn()
    expect(isDone).equal(false)
    expect(await read).equal(page)
  })

  it('take turns with those of others, and are in order for one session', async () => {
    const order: string[] = []
    const note = (name: string) => () => {
      order.push(name)
    }
    await Promise.all([
      reads.read(alice, reading(90, note('long')), here),
      reads.read(alice, reading(0, note('behind')), here),
      reads.read(bob, reading(20, note('of another')), here),
    ])
    expect(order).deep.equal(['of another', 'long', 'behind'])
  })

  it('of one session are not more than a hundred', async () => {
    const all = Array.from({ length: 100 }, () => reads.read(alice, reading(16), here))
    expect(() => reads.read(alice, reading(16), here))
      .throws(WampError)
      .property('uri', 'wampd.error.limit_exceeded')
    expect(reads.read(bob, reading(0), here)).equal(page)
    await Promise.all(all)
    expect(reads.read(alice, reading(0), here)).equal(page)
  })

  it('of a session that has left end', async () => {
    let isHere = true
    const read = reads.read(alice, reading(1_000_000), () => isHere)
    isHere = false
    expect(((await read) as Page).complete).equal(false)
  })

  it('tell of a store that fails, and go on', async () => {
    function* broken(): Generator<void, Page> {
      for (let i = 0; i < 20; i++) yield
      throw new TypeError('broken')
    }
    const outcomes = await Promise.allSettled([
      reads.read(alice, broken(), here),
      reads.read(alice, reading(16), here),
    ])
    expect(outcomes.map(({ status }) => status)).deep.equal(['rejected', 'fulfilled'])
  })
})
