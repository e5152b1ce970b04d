import { expect } from 'chai'
import { Backlog } from '../src/delivery/backlog.ts'
import { Memory, type Reader } from '../src/memory.ts'
import { errorLog } from './helpers/error-log.ts'
import { FakeClock } from './helpers/fake-clock.ts'

const MB = 1 << 20
const turn = () => new Promise(resolve => setImmediate(resolve))

describe('the memory of a process', () => {
  let clock: FakeClock
  let backlog: Backlog
  let readers: Set<Reader>
  let cut: number[]
  let rss: number
  let memory: Memory

  beforeEach(() => {
    clock = new FakeClock()
    backlog = new Backlog()
    readers = new Set()
    cut = []
    rss = 100 * MB
    const parts = { clock, log: errorLog(), backlog, readers, rss: () => rss }
    memory = new Memory(parts, 200 * MB)
  })

  afterEach(() => memory.stop())

  /** A reader for whom so many bytes wait, which the process holds. */
  function queue(waiting: number): void {
    const reader = {
      waiting,
      cut() {
        cut.push(waiting / MB)
        readers.delete(reader)
        // The process keeps what is free.
        backlog.add(-waiting)
      },
    }
    readers.add(reader)
    rss += waiting
    backlog.add(waiting)
  }

  it('goes by what it knows where no file descriptor is left to look it up with', () => {
    memory.stop()
    let isLost = false
    const lookUp = () => {
      if (isLost) throw Object.assign(new Error('EMFILE'), { code: 'EMFILE' })
      return 150 * MB
    }
    memory = new Memory({ clock, log: errorLog(), backlog, readers, rss: lookUp }, 200 * MB)
    isLost = true
    clock.pass(1000)
    expect(memory.hasRoom).equal(true)
    backlog.add(40 * MB)
    expect(memory.hasRoom).equal(false)
  })

  it('has room up to nine tenths of the limit', () => {
    expect(memory.hasRoom).equal(true)
    queue(79 * MB)
    expect(memory.hasRoom).equal(true)
    queue(2 * MB)
    expect(memory.hasRoom).equal(false)
    expect(cut).deep.equal([])
  })

  it('beyond the limit loses those for whom most waits, until it fits', async () => {
    for (const size of [10, 30, 20, 15, 26]) queue(size * MB)
    expect(cut, 'not in the midst of sending').deep.equal([])
    await turn()
    expect(cut).deep.equal([30])
    clock.pass(10_000)
    expect(cut).deep.equal([30])
  })

  it('uses what has become free again, and is not short for ever', async () => {
    for (const size of [60, 60]) queue(size * MB)
    await turn()
    expect(cut).deep.equal([60])
    clock.pass(500)
    expect(memory.hasRoom).equal(true)
    // The process does not grow by these.
    rss -= 10 * MB
    queue(10 * MB)
    await turn()
    clock.pass(500)
    expect([memory.hasRoom, cut]).deep.equal([true, [60]])
  })

  it('counts what others take of it, at the next look', () => {
    queue(40 * MB)
    queue(10 * MB)
    rss += 70 * MB
    expect(memory.hasRoom).equal(true)
    clock.pass(500)
    expect([memory.hasRoom, cut]).deep.equal([false, [40]])
  })

  it('cuts nobody off in vain', async () => {
    for (let i = 0; i < 100; i++) queue(1000)
    rss += 500 * MB
    clock.pass(500)
    await turn()
    expect([memory.hasRoom, cut]).deep.equal([false, []])
    rss = 100 * MB
    clock.pass(500)
    expect(memory.hasRoom).equal(true)
  })

  it('takes another limit at once', () => {
    queue(50 * MB)
    memory.limit = 120 * MB
    expect(cut).deep.equal([50])
    memory.limit = 1000 * MB
    expect(memory.hasRoom).equal(true)
  })
})
