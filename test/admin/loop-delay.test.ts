import { expect } from 'chai'
import { LoopDelay } from '../../src/admin/loop-delay.ts'
import { FakeClock } from '../helpers/fake-clock.ts'

describe('the delay of the event loop', () => {
  let late = 0
  class LateClock extends FakeClock {
    override elapsed(): number {
      return this.now() + late
    }
  }
  const clock = new LateClock()

  /** A timer comes so many milliseconds too late. */
  function stall(time: number) {
    late += time
    clock.pass(20)
  }

  it('counts on, and tells of late only what is of late', () => {
    const delay = new LoopDelay(clock)
    expect(delay.recent).deep.equal({ p50: 0, p99: 0, max: 0 })
    clock.pass(1000)
    stall(800)
    stall(10)
    const { p50, p99, max } = delay.recent
    expect(p50).most(0.1)
    expect(p99).within(9, 11)
    expect(max).within(790, 810)
    expect([delay.all.count, delay.all.sum]).deep.equal([52, 0.81])
    clock.pass(5000)
    expect(delay.recent.max).within(790, 810)
    clock.pass(5000)
    expect(delay.recent.max).most(0.1)
    expect([delay.all.count, delay.all.sum]).deep.equal([552, 0.81])
    delay.stop()
    expect(clock.pending).equal(0)
  })
})
