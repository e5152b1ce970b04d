import { expect } from 'chai'
import fc from 'fast-check'
import { TimerWheel } from '../../src/base/wheel.ts'
import { FakeClock } from '../helpers/fake-clock.ts'

describe('a timer wheel', () => {
  let clock: FakeClock
  let expired: string[]
  let wheel: TimerWheel<string>

  beforeEach(() => {
    clock = new FakeClock()
    expired = []
    wheel = new TimerWheel(clock, item => expired.push(item))
  })

  it('expires things in their order, never early and not much late', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(30), fc.nat(500)), { maxLength: 50 }), things => {
        const clock = new FakeClock()
        const late: number[] = []
        const wheel = new TimerWheel<number>(clock, due => late.push(clock.now() - due))
        for (const [pause, delay] of things) {
          clock.pass(pause)
          wheel.set(clock.now() + delay, delay)
        }
        clock.pass(1000)
        expect(late.length).equal(things.length)
        for (const time of late) expect(time).within(0, 10)
      }),
    )
  })

  it('runs one timer, and none when nothing is set', () => {
    const timers = ['a', 'b', 'c'].map(item => wheel.set(item, 100))
    expect(clock.pending).equal(1)
    for (const timer of timers) wheel.clear(timer)
    clock.pass(10)
    expect(clock.pending).equal(0)
    wheel.set('d', 20)
    clock.pass(30)
    expect([expired, clock.pending]).deep.equal([['d'], 0])
  })

  it('does not expire what is called off, even by another of the same time', () => {
    const other = new TimerWheel<() => void>(clock, run => run())
    const late = wheel.set('late', 50)
    wheel.clear(late)
    other.set(() => other.clear(second), 50)
    const second = other.set(() => expired.push('second'), 50)
    clock.pass(100)
    wheel.clear(late)
    expect(expired).deep.equal([])
  })

  it('takes what is set while something expires', () => {
    const again = new TimerWheel<number>(clock, left => {
      expired.push(`${clock.now()}`)
      if (left > 0) again.set(left - 1, 100)
    })
    again.set(2, 100)
    clock.pass(1000)
    expect(expired).deep.equal(['100', '200', '300'])
  })

  it('waits on where the clock is set, in either direction', () => {
    let offset = 0
    const moved = new TimerWheel<string>(
      {
        now: () => clock.now() + offset,
        elapsed: () => clock.elapsed(),
        after: (delay, run) => clock.after(delay, run),
        every: (period, run) => clock.every(period, run),
      },
      item => expired.push(item),
    )
    for (const jump of [3_600_000, -3_600_000]) {
      moved.set('a', 5000)
      clock.pass(1000)
      offset += jump
      clock.pass(1000)
      expect(expired).deep.equal([])
      clock.pass(4000)
      expect(expired.splice(0)).deep.equal(['a'])
    }
  })
})
