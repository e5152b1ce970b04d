import { expect } from 'chai'
import { Traffic } from '../../src/traffic/traffic.ts'

describe('traffic', () => {
  it('has the first write timed, then about each eighth, and not always of the same connections', () => {
    const traffic = new Traffic()
    const connections = Array.from({ length: 8 }, () => 0)
    for (let i = 0; i < 80_000; i++) {
      const isTimed = traffic.timesWrite()
      if (i === 0) expect(isTimed).equal(true)
      if (isTimed) (connections[i % 8] as number)++
    }
    for (const timed of connections) expect(timed).within(1000, 1500)
  })
})
