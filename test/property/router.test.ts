import { expect } from 'chai'
import { runSeeds } from './runs.ts'

/** How long new seeds are tried. Milliseconds. */
const TIME = 10_000

describe('the router, whatever happens to it', () => {
  it('answers every request once, sends events to subscribers only, and keeps nothing of who left', async function () {
    this.timeout(60_000)
    const { SEED } = process.env
    if (SEED !== undefined) {
      let runs = 0
      await runSeeds(Number(SEED), () => runs++ > 0)
      return
    }
    const end = Date.now() + TIME
    const runs = await runSeeds(Math.floor(Math.random() * 2 ** 31), () => Date.now() > end)
    expect(runs).greaterThan(5)
  })
})
