import { expect } from 'chai'
import { KeptSessions, type Opening } from '../../../src/gateway/bridge/kept.ts'
import { Problem } from '../../../src/gateway/bridge/problem.ts'
import type { HttpSession } from '../../../src/gateway/bridge/session.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'

describe('kept sessions of the HTTP bridge', () => {
  let clock: FakeClock
  let kept: KeptSessions
  let opened: number
  let left: number[]
  let end: () => void

  const open: Opening = ended => {
    const number = ++opened
    end = ended
    const session = { number, leave: () => left.push(number) }
    return { session: session as unknown as HttpSession, joined: Promise.resolve() }
  }

  beforeEach(() => {
    clock = new FakeClock()
    kept = new KeptSessions(clock, () => ({ keep: 1000, maxSessions: 2 }))
    opened = 0
    left = []
  })

  it('serve requests at the same time, and one after another', async () => {
    const leases = await Promise.all([kept.lease('a', open), kept.lease('a', open)])
    for (const { release } of leases) release()
    clock.pass(999)
    const { release } = await kept.lease('a', open)
    expect(opened).equal(1)
    clock.pass(5000)
    expect(left).deep.equal([])
    release()
    release()
    clock.pass(1000)
    expect(left).deep.equal([1])
  })

  it('are not given to requests after five minutes, and end with those that have them', async () => {
    const old = await kept.lease('a', open)
    clock.pass(300_000)
    const young = await kept.lease('a', open)
    expect(opened).equal(2)
    old.release()
    expect(left).deep.equal([1])
    young.release()
    clock.pass(1000)
    expect(left).deep.equal([1, 2])
  })

  it('make room for others where no request has them, and refuse where all are in use', async () => {
    const [one, two] = [await kept.lease('a', open), await kept.lease('b', open)]
    const refused = await kept.lease('c', open).catch(error => error)
    expect(refused).instanceOf(Problem)
    expect(refused.status).equal(503)
    two.release()
    await kept.lease('c', open)
    expect(left).deep.equal([2])
    one.release()
  })

  it('are opened anew where they have ended', async () => {
    const { release } = await kept.lease('a', open)
    end()
    await Promise.resolve()
    await kept.lease('a', open)
    expect(opened).equal(2)
    release()
  })

  it('are forgotten where none comes about', async () => {
    const refuse: Opening = ended => {
      ended()
      const session = { leave() {} } as unknown as HttpSession
      return { session, joined: Promise.reject(new Problem('a.b', 'no')) }
    }
    for (let i = 0; i < 5; i++) {
      const [one, two] = [kept.lease('a', refuse), kept.lease('a', refuse)]
      for (const error of await Promise.all([one, two].map(lease => lease.catch(e => e)))) {
        expect(error).instanceOf(Problem)
      }
    }
    const leases = await Promise.all([kept.lease('a', open), kept.lease('b', open)])
    expect(leases).length(2)
  })
})
