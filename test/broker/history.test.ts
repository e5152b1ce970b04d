import { expect } from 'chai'
import { History, type Page, type Query } from '../../src/broker/history.ts'
import type { Bounds } from '../../src/broker/options.ts'
import { NO_DETAILS } from '../../src/protocol/messages.ts'
import { Payload } from '../../src/protocol/payload.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { Recorder } from '../helpers/recorder.ts'

const ALL = {
  reverse: false,
  limit: Infinity,
  from: 0,
  until: Infinity,
  topic: undefined,
  fromPublication: undefined,
  afterPublication: undefined,
  beforePublication: undefined,
  untilPublication: undefined,
}

describe('a history', () => {
  const reader = new Recorder()
  let clock: FakeClock
  let history: History
  let last: number

  function start(bounds: Bounds): void {
    clock = new FakeClock()
    last = 0
    history = new History(new MemoryStore().log('exact', 'a.b'), clock, bounds)
  }

  function add(text = ''): void {
    history.add({
      publication: ++last,
      time: clock.now(),
      topic: 'a.b',
      details: NO_DETAILS,
      audience: NO_DETAILS,
      payload: Payload.of([text]),
    })
  }

  function read(query: Query = ALL, between = () => {}): Page {
    const reading = history.read(query, reader)
    for (;;) {
      const { done, value } = reading.next()
      if (done) return value
      between()
    }
  }
  const kept = () => read().events.map(({ publication }) => publication)
  const complete = () => read().complete

  it('drops the oldest where there are more than it may have', () => {
    start({ limit: 3 })
    for (let i = 0; i < 3; i++) add()
    expect([kept(), complete()]).deep.equal([[1, 2, 3], true])
    for (let i = 0; i < 500; i++) add()
    expect([kept(), complete()]).deep.equal([[501, 502, 503], false])
  })

  it('drops the oldest where their bytes are too many, even the last', () => {
    start({ max_bytes: 1000 })
    for (let i = 0; i < 4; i++) add('x'.repeat(300))
    expect(kept()).deep.equal([3, 4])
    add('x'.repeat(2000))
    expect([kept(), complete(), history.first]).deep.equal([[], false, undefined])
    add()
    expect(kept()).deep.equal([6])
  })

  it('drops what is too old, also when nothing new comes', () => {
    start({ max_age: 1000 })
    add()
    clock.pass(500)
    add()
    clock.pass(501)
    expect([kept(), history.first?.publication]).deep.equal([[2], 2])
    clock.pass(500)
    expect([kept(), complete()]).deep.equal([[], false])
  })

  for (const reverse of [false, true]) {
    it(`says that a page misses what was dropped under it, ${reverse ? 'newest' : 'oldest'} first`, () => {
      start({ limit: 100 })
      for (let i = 0; i < 100; i++) add()
      expect(read({ ...ALL, reverse }).complete).equal(true)
      const page = read({ ...ALL, reverse }, () => {
        for (let i = 0; i < 40; i++) add()
      })
      expect(page.complete).equal(false)
      const found = page.events.map(({ publication }) => publication)
      expect(found).deep.equal([...new Set(found)].sort((a, b) => (reverse ? b - a : a - b)))
      expect(Math.max(...found)).most(100)
    })

    it(`bears that all is dropped under a page, ${reverse ? 'newest' : 'oldest'} first`, () => {
      start({ limit: 100 })
      for (let i = 0; i < 100; i++) add()
      const query = { ...ALL, reverse, fromPublication: 5 }
      const page = read(query, () => {
        for (let i = 0; i < 300; i++) add()
      })
      expect(page.complete).equal(false)
    })
  }
})
