import { expect } from 'chai'
import { Replays, WINDOW } from '../../../src/gateway/bridge/replays.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'

describe('signatures of requests', () => {
  let clock: FakeClock
  let replays: Replays
  beforeEach(() => {
    clock = new FakeClock()
    clock.pass(1_700_000_000_000)
    replays = new Replays(clock)
  })

  it('hold for a minute before and after', () => {
    const now = clock.now() / 1000
    for (const [off, isTimely] of [
      [-61, false],
      [-60, true],
      [0, true],
      [60, true],
      [61, false],
    ] as const) {
      expect(replays.isTimely(String(now + off)), String(off)).equal(isTimely)
    }
  })

  it('are taken once for as long as they hold, whenever they come', () => {
    for (const wait of [0, 1, WINDOW, 2 * WINDOW - 1]) {
      replays = new Replays(clock)
      replays.isNew('another')
      clock.pass(wait)
      expect(replays.isNew('one')).equal(true)
      // One that is a minute ahead holds for two.
      for (let i = 0; i < 4; i++) {
        clock.pass(WINDOW / 2)
        expect(replays.isNew('one'), `${wait} ${i}`).equal(false)
        replays.isNew(`other ${i}`)
      }
    }
  })

  it('are forgotten when they hold no more', () => {
    replays.isNew('one')
    clock.pass(4 * WINDOW + 2)
    replays.isNew('two')
    expect(replays.isNew('one')).equal(true)
  })

  it('are refused, not forgotten, where there are too many', () => {
    for (let i = 0; i < 500_000; i++) replays.isNew(String(i))
    expect(replays.isNew('one more')).equal(undefined)
    expect(replays.isNew('0')).equal(false)
    clock.pass(2 * WINDOW + 1)
    expect(replays.isNew('one more')).equal(true)
  })
})
