import { expect } from 'chai'
import { Attempts } from '../../src/session/attempts.ts'
import { FakeClock } from '../helpers/fake-clock.ts'

const JOE = '192.0.2.7'

describe('attempts to authenticate', () => {
  let clock: FakeClock
  let limits = { maxFailures: 3, backoff: 1000 }
  let attempts: Attempts
  beforeEach(() => {
    clock = new FakeClock()
    limits = { maxFailures: 3, backoff: 1000 }
    attempts = new Attempts(clock, () => limits)
  })
  function fail(times: number, address = JOE): void {
    for (let i = 0; i < times; i++) attempts.failed(address)
  }
  /** How long an address is held back. */
  function wait(address = JOE): number {
    let waited = 0
    for (; attempts.isHeldBack(address); waited += 500) clock.pass(500)
    return waited
  }

  it('may fail a number of times', () => {
    expect(wait()).equal(0)
    fail(3)
    expect(wait()).equal(0)
  })

  it('wait twice as long after each failure beyond, up to a minute', () => {
    fail(3)
    const waits = Array.from({ length: 9 }, () => {
      fail(1)
      return wait() / 1000
    })
    expect(waits).deep.equal([1, 2, 4, 8, 16, 32, 60, 60, 60])
  })

  it('of one address do not hold back another', () => {
    fail(9)
    expect(attempts.isHeldBack('192.0.2.8')).equal(false)
  })

  it('are forgotten after ten quiet minutes', () => {
    fail(9)
    clock.pass(600_001)
    fail(3)
    expect(wait()).equal(0)
  })

  it('count for all addresses that a client of IPv6 has', () => {
    fail(4, '2001:db8:1:2:3:4:5:6')
    expect(attempts.isHeldBack('2001:db8:1:2::1')).equal(true)
    expect(attempts.isHeldBack('2001:0db8:0001:0002:ffff:ffff:ffff:ffff')).equal(true)
    expect(attempts.isHeldBack('2001:db8:1:3::1')).equal(false)
  })

  it('know an address of IPv4 in all its forms', () => {
    fail(4, '::ffff:192.0.2.7')
    for (const same of [JOE, '::ffff:c000:207', '0000:0000:0000:0000:0000:ffff:c000:0207']) {
      expect(attempts.isHeldBack(same), same).equal(true)
    }
    expect(attempts.isHeldBack('192.0.2.8')).equal(false)
  })

  it('from this machine are not held back: a proxy may stand there', () => {
    for (const here of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1', '0:0:0:0:0:0:0:1']) {
      fail(9, here)
      expect(attempts.isHeldBack(here), here).equal(false)
    }
  })

  it('are not held back where the limit is 0', () => {
    limits = { maxFailures: 0, backoff: 1000 }
    fail(9)
    expect(attempts.isHeldBack(JOE)).equal(false)
  })

  it('take up no more than a bounded place: the oldest are forgotten', () => {
    fail(9)
    for (let i = 0; i < 9_999; i++) attempts.failed(`10.0.${i >> 8}.${i & 255}`)
    expect(attempts.isHeldBack(JOE)).equal(true)
    attempts.failed('203.0.113.1')
    expect(attempts.isHeldBack(JOE)).equal(false)
  })

  it('stand addresses that are none', () => {
    for (const odd of ['', ':', ':::', 'x:y', '1.2.3', 'fe80::1%eth0']) {
      fail(4, odd)
      expect(attempts.isHeldBack(odd), odd).equal(true)
    }
  })
})
