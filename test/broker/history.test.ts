import { expect } from 'chai'
import { History } from '../../src/broker/history.ts'
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

  const kept = () => history.read(ALL, reader).events.map(({ publication }) => publication)
  const complete = () => history.read(ALL, reader).complete

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
})
