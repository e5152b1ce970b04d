import { expect } from 'chai'
import fc from 'fast-check'
import { LIMIT_DEFAULTS } from '../../src/realm/limits.ts'
import { Bucket, Quota } from '../../src/session/quota.ts'
import { FakeClock } from '../helpers/fake-clock.ts'

/** What happens one after the other: time passes, then an amount is wanted. */
const course = fc.array(fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 20 })), { maxLength: 60 })
/** A millisecond: whole, so that the model is exact. */
const rate = fc.integer({ min: 1, max: 3 })
const capacity = fc.integer({ min: 1, max: 40 })

describe('a token bucket', () => {
  it('refuses nothing to those who keep to the rate', () => {
    fc.assert(
      fc.property(course, rate, capacity, (steps, rate, capacity) => {
        const clock = new FakeClock()
        const bucket = new Bucket(clock, rate * 1000, capacity)
        let left = capacity
        for (const [time, amount] of steps) {
          clock.pass(time)
          left = Math.min(left + time * rate, capacity)
          if (amount > left) continue
          left -= amount
          expect(bucket.take(amount)).equal(true)
        }
      }),
    )
  })

  it('gives in any time no more than the rate does, and twice what it holds', () => {
    fc.assert(
      fc.property(course, rate, capacity, (steps, rate, capacity) => {
        const clock = new FakeClock()
        const bucket = new Bucket(clock, rate * 1000, capacity)
        const taken = steps.map(([time, amount]) => {
          clock.pass(time)
          return { now: clock.now(), amount: bucket.take(amount) ? amount : 0 }
        })
        for (const [i, first] of taken.entries()) {
          let sum = 0
          for (const { now, amount } of taken.slice(i)) {
            sum += amount
            expect(sum).at.most(2 * capacity + (now - first.now) * rate)
          }
        }
      }),
    )
  })

  it('gives to those who want too much all the time no more than the rate does', () => {
    const clock = new FakeClock()
    const bucket = new Bucket(clock, 1000, 10)
    let taken = 0
    for (let i = 0; i < 1000; i++) {
      clock.pass(1)
      if (bucket.take(1.5)) taken++
    }
    // All that is wanted counts, what is refused too: so that it ends.
    expect(taken).at.most(30)
    expect(bucket.isOverdrawn).equal(true)
  })

  it('is not filled by a clock that is set back, and goes on from there', () => {
    let now = 1000
    const clock = Object.assign(new FakeClock(), { now: () => now })
    const bucket = new Bucket(clock, 1000, 10)
    expect(bucket.take(10)).equal(true)
    now = 0
    expect(bucket.take(1)).equal(false)
    now = 1
    expect(bucket.take(0)).equal(true)
  })
})

describe('what a session may send', () => {
  const quotaOf = (limits: object, clock = new FakeClock()) =>
    new Quota(clock, { ...LIMIT_DEFAULTS, ...limits })

  it('has no limit by default', () => {
    const quota = quotaOf({})
    for (let i = 0; i < 10_000; i++) expect(quota.count(1 << 20)).equal('within')
  })

  it('is limited in messages and in bytes, and what one refuses counts in the other', () => {
    const clock = new FakeClock()
    const quota = quotaOf({ message_rate: 2, byte_rate: 100, burst: 1000 }, clock)
    expect(quota.count(100)).equal('within')
    expect(quota.count(1)).equal('over')
    expect(quota.count(0), 'the third message').equal('over')
    clock.pass(1000)
    expect(quota.count(99)).equal('within')
  })

  it('becomes a flood when a whole burst has come in vain', () => {
    const clock = new FakeClock()
    const quota = quotaOf({ message_rate: 5, burst: 1000 }, clock)
    const standings = Array.from({ length: 12 }, () => quota.count(1))
    expect(standings).deep.equal([
      ...new Array(5).fill('within'),
      ...new Array(6).fill('over'),
      'flood',
    ])
  })

  it('is no flood by one message, however large', () => {
    const quota = quotaOf({ byte_rate: 10, burst: 1000 })
    expect(quota.count(1000)).equal('over')
    expect(quota.count(1)).equal('flood')
  })

  it('is one message, of what is rarer than once in a burst', () => {
    const quota = quotaOf({ message_rate: 0.001, burst: 1000 })
    expect(quota.count(1)).equal('within')
    expect(quota.count(1)).equal('over')
  })
})
