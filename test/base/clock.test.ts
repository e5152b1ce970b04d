import { expect } from 'chai'
import { systemClock } from '../../src/base/clock.ts'

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

describe('the system clock', () => {
  it('tells the time in milliseconds', () => {
    expect(systemClock.now()).closeTo(Date.now(), 1000)
  })

  it('runs something once after a while', async () => {
    let runs = 0
    systemClock.after(5, () => runs++)
    expect(runs).equal(0)
    await pause(60)
    expect(runs).equal(1)
  })

  it('runs something again and again until it is called off', async () => {
    let runs = 0
    const timer = systemClock.every(5, () => runs++)
    await pause(60)
    timer.cancel()
    const before = runs
    expect(before).above(1)
    await pause(30)
    expect(runs).equal(before)
  })

  it('does not run what was called off', async () => {
    let runs = 0
    systemClock.after(5, () => runs++).cancel()
    await pause(30)
    expect(runs).equal(0)
  })
})
