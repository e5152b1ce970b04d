import { expect } from 'chai'
import { COUNTED, Counters } from '../../src/base/counters.ts'

describe('counters', () => {
  it('begin at 0, add up, and have a meaning each', () => {
    const counters = new Counters()
    counters.count('too_slow')
    counters.count('too_slow', 2)
    const all = counters.all()
    expect(all.too_slow).to.equal(3)
    expect(all.denied_handshakes).to.equal(0)
    expect(Object.keys(all)).to.deep.equal(Object.keys(COUNTED))
  })
})
