import { expect } from 'chai'
import fc from 'fast-check'
import * as format from '../../page/parts/format.ts'

describe('figures of the admin page', () => {
  it('have three digits and a unit', () => {
    expect([0, 999, 1500, 999_999, 12_345_678].map(format.bytes)).deep.equal([
      ...['0 B', '999 B', '1.5 kB', '1 MB', '12.3 MB'],
    ])
    expect([0, 0.04, 0.05, 9.96, 1234].map(format.rate)).deep.equal([
      ...['0/s', '0/s', '0.1/s', '10/s', '1.23k/s'],
    ])
    expect([0.00005, 0.00125, 0.9, 2.5].map(format.latency)).deep.equal([
      ...['50 µs', '1.25 ms', '900 ms', '2.5 s'],
    ])
    expect([0, 61_000, 7_200_000, 100_000_000].map(format.duration)).deep.equal([
      ...['0 s', '1 min 1 s', '2 h', '1 d 3 h'],
    ])
    expect([0, 61_000, 90_000_000].map(age => format.ago(0, age))).deep.equal([
      ...['just now', '1 min ago', '1 d ago'],
    ])
  })

  it('are never long', () => {
    const short = (text: string) => expect(text.length, text).at.most(9)
    fc.assert(
      fc.property(fc.maxSafeNat(), value => {
        short(format.bytes(value))
        short(format.brief(value))
      }),
    )
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e15, noNaN: true }), value => {
        short(format.rate(value))
      }),
    )
  })
})
