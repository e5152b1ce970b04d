import { totalmem } from 'node:os'
import { expect } from 'chai'
import fc from 'fast-check'
import { UNITS, worthOf } from '../../src/base/keys.ts'

describe('units', () => {
  it('have their worth in ms, bytes and times a second', () => {
    for (const [unit, text, worth] of [
      ['duration', '500ms', 500],
      ['duration', '1.5s', 1500],
      ['duration', '2 m', 120_000],
      ['duration', '2h', 7_200_000],
      ['duration', '7d', 604_800_000],
      ['size', '1B', 1],
      ['size', '64KB', 65_536],
      ['size', '1.5 MB', 1_572_864],
      ['size', '1GB', 1_073_741_824],
      ['rate', '200/s', 200],
      ['rate', '60/m', 1],
      ['rate', '1800/h', 0.5],
      ['bandwidth', '1.5MB/s', 1_572_864],
    ] as const) {
      expect(worthOf(unit, text), text).equal(worth)
    }
  })

  it('come to whole milliseconds and bytes, and numbers are taken for these', () => {
    expect(worthOf('size', '1.001KB')).equal(1025)
    expect(worthOf('size', 1024.5)).equal(1025)
    expect(worthOf('duration', '0.001s')).equal(1)
    expect(worthOf('rate', 0.5)).equal(0.5)
  })

  it('of memory may be a share of what there is', () => {
    expect(worthOf('memory', '512MB')).equal(512 << 20)
    const all = worthOf('memory', '100%') as number
    expect(all).within(64 << 20, totalmem())
    expect(worthOf('memory', '12.5 %')).closeTo(all / 8, 1)
    expect(worthOf('size', '50%')).equal(undefined)
  })

  it('are nothing in any other form', () => {
    const texts = [
      '',
      '1',
      's',
      '-1s',
      '1 s',
      '1e3s',
      '1.s',
      '.5s',
      '1S',
      '1kb',
      '1s ',
      '1/d',
      '1s\n',
    ]
    for (const text of texts) {
      const found = Object.keys(UNITS).filter(unit => worthOf(unit, text) !== undefined)
      expect(found, text).deep.equal(text === '1 s' ? ['duration'] : [])
    }
  })

  it('are read for what the pattern takes, and for nothing else', () => {
    const text = fc.string({ unit: fc.constantFrom(...'0159. msdKMGB/h%'.split('')), maxLength: 8 })
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(UNITS)), text, (unit, text) => {
        const isTaken = UNITS[unit]?.pattern.test(text)
        const worth = worthOf(unit, text)
        expect(worth !== undefined).equal(isTaken)
        if (worth !== undefined) expect(worth).finite.at.least(0)
      }),
      { numRuns: 500 },
    )
  })
})
