import { runSeeds } from './runs.ts'

/** How long new seeds are tried, in milliseconds, and how many at least. */
const TIME = 10_000
const RUNS = 20

describe('the router, whatever happens to it', () => {
  it('answers every request once, sends events to subscribers only, and keeps nothing of who left', async function () {
    this.timeout(120_000)
    const { SEED } = process.env
    const end = Date.now() + TIME
    if (SEED !== undefined) await runSeeds(Number(SEED), count => count > 0)
    else {
      const first = Math.floor(Math.random() * 2 ** 31)
      await runSeeds(first, count => count >= RUNS && Date.now() > end)
    }
  })
})
