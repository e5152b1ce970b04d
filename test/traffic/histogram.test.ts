import { expect } from 'chai'
import { BOUNDS, Histogram } from '../../src/traffic/histogram.ts'

describe('a histogram', () => {
  it('puts each time into the bucket that it is not above', () => {
    const histogram = new Histogram()
    for (const seconds of [0, 0.00005, 0.00006, 0.001, 30, 31]) histogram.observe(seconds)
    const full = [...histogram.counts.entries()].filter(([, count]) => count > 0)
    const last = BOUNDS.length
    expect(full).deep.equal([
      [0, 2],
      [1, 1],
      [BOUNDS.indexOf(0.001), 1],
      [last - 1, 1],
      [last, 1],
    ])
    expect([histogram.count, histogram.sum]).deep.equal([6, 61.00111])
  })

  it('has bounds that rise', () => {
    expect([...BOUNDS].sort((a, b) => a - b)).deep.equal(BOUNDS)
    expect(new Set(BOUNDS).size).equal(BOUNDS.length)
  })
})
