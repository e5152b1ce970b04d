import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import fc from 'fast-check'

interface Change {
  ratio: number
  pairs: number
  verdict: string
}

interface Compare {
  change(pairs: number[][]): Change
  changes(before: object[], after: object[], pairs: string[][]): (Change & { router: string })[]
}

describe('bench: comparison of two builds', () => {
  let compare: Compare
  before(async () => {
    compare = await import(pathToFileURL(resolve('scripts/bench/compare.mjs')).href)
  })

  const times = (before: number[], factor: number) => before.map(cost => [cost, cost * factor])

  it('takes what every pair shows for a change, however much the machine drifts', () => {
    const before = [10, 20, 30, 15, 12, 50, 11]
    const { ratio, verdict } = compare.change(times(before, 0.9))
    expect(ratio).to.be.closeTo(0.9, 1e-9)
    expect(verdict).to.equal('better')
    expect(compare.change(times(before, 1.1)).verdict).to.equal('worse')
  })

  it('takes for noise what one pair denies, or what is small', () => {
    const pairs = times([10, 10, 10, 10, 10, 10], 0.5)
    expect(compare.change([...pairs, [10, 10.1]]).verdict).to.equal('noise')
    expect(compare.change(times([10, 10, 10, 10, 10], 1.02)).verdict).to.equal('noise')
    expect(compare.change(times([10, 10, 10, 10], 0.5)).verdict).to.equal('too few runs')
  })

  it('finds the opposite where before and after change places', () => {
    const cost = fc.integer({ min: 1, max: 1000 })
    const list = fc.array(fc.tuple(cost, cost), { minLength: 5, maxLength: 5 })
    const opposite: Record<string, string> = { better: 'worse', worse: 'better', noise: 'noise' }
    fc.assert(
      fc.property(list, pairs => {
        const there = compare.change(pairs)
        const back = compare.change(pairs.map(([before, after]) => [after, before]))
        // Near the threshold a ratio may be beyond it and its inverse not.
        fc.pre(Math.abs(there.ratio - 1) > 0.04)
        expect(back.verdict).to.equal(opposite[there.verdict])
      }),
    )
  })

  it('compares rows of the same scenario, and leaves out what only one has', () => {
    const row = (scenario: string, costs: number[]) => {
      const runs = { wampd: costs.map((cost, rep) => ({ rep, cost })) }
      return { scenario, serializer: 'json', cost: 'cost', runs }
    }
    const before = [row('a', [2, 2, 2, 2, 2]), row('b', [1]), row('c', [])]
    const after = [row('a', [1, 1, 1, 1, 1, 1]), row('c', [1])]
    const found = compare.changes(before, after, [['wampd', 'wampd']])
    expect(found).to.have.length(1)
    expect(found[0]).to.include({ scenario: 'a', router: 'wampd', ratio: 0.5, pairs: 5 })
  })
})
