import { expect } from 'chai'
import fc from 'fast-check'
import { Sequence, Tally } from '../../src/bench/tally.ts'

describe('bench: tally', () => {
  it('tells late events from duplicates, in any order of numbers', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 100 }), numbers => {
        const sequence = new Sequence()
        const seen = new Set<number>()
        for (const number of numbers) {
          const highest = Math.max(0, ...seen)
          const expected = seen.has(number) ? 'duplicate' : number < highest ? 'late' : 'in order'
          expect(sequence.see(number)).to.equal(expected)
          seen.add(number)
        }
      }),
    )
  })

  it('remembers a limited number of gaps, the newest', () => {
    const sequence = new Sequence()
    expect(sequence.see(1_000_000_000)).to.equal('in order')
    expect(sequence.see(999_999_000)).to.equal('late')
    expect(sequence.see(1)).to.equal('duplicate')
  })

  it('counts latencies from when things were due, in the measured time only', () => {
    const tally = new Tally()
    Object.assign(tally, { from: 1000, to: 2000 })
    tally.send(900, 900, 1)
    tally.arrive(900, 1500)
    expect(tally.latency.count).to.equal(0)
    tally.send(1100, 1600, 1)
    tally.arrive(1100, 5100)
    expect(tally.latency.max).to.be.within(4000, 4004)
    expect(tally.lateness.max).to.equal(500)
    expect(tally).to.include({ arrived: 2, arrivedInTime: 1, lost: 0, isSound: true })
  })

  it('has what could not be sent among the latencies', () => {
    const tally = new Tally()
    Object.assign(tally, { from: 0, to: 2000 })
    tally.skip(500, 2000)
    expect(tally.latency.max).to.be.within(1500, 1502)
    expect(tally).to.include({ unsent: 1, expected: 0, isSound: true })
  })

  it('is sound with no fault of any kind only', () => {
    for (const fault of ['duplicates', 'disordered', 'wrong', 'errors', 'expected'] as const) {
      const tally = new Tally()
      expect(tally.isSound).to.equal(true)
      tally[fault]++
      if (fault === 'errors') tally.expected++
      expect(tally.isSound, fault).to.equal(false)
    }
  })
})
