import { expect } from 'chai'
import { MAX_ID, randomId } from '../../src/base/ids.ts'

describe('random ids', () => {
  const ids = Array.from({ length: 160_000 }, randomId)

  it('are whole numbers from 1 to 2^53', () => {
    expect(MAX_ID).equal(2 ** 53)
    for (const id of ids) {
      if (!Number.isInteger(id) || id < 1 || id > MAX_ID) expect.fail(`${id}`)
    }
  })

  it('do not repeat', () => {
    expect(new Set(ids).size).equal(ids.length)
  })

  it('are spread evenly over the whole range, in their highest and lowest bits', () => {
    for (const bucketOf of [
      (id: number) => Math.floor((id - 1) / 2 ** 49),
      (id: number) => (id - 1) % 16,
      (id: number) => Math.floor((id - 1) / 2 ** 32) % 16,
    ]) {
      const counts = new Array(16).fill(0)
      for (const id of ids) counts[bucketOf(id)]++
      // 10,000 are expected in each; 600 is more than six standard deviations.
      for (const count of counts) expect(count).within(9400, 10600)
    }
  })
})
