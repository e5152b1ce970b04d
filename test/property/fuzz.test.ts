import { fuzz } from './fuzz.ts'
import { TARGETS } from './targets.ts'

/** How long each parser is tried, in milliseconds, and how often at least. */
const TIME = 1500
const INPUTS = 200

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))

describe(`whatever strangers send (SEED=${seed})`, () => {
  for (const target of TARGETS) {
    it(`${target.name} takes it or refuses it`, async function () {
      this.timeout(60_000)
      const end = Date.now() + TIME
      await fuzz(target, seed, count => count >= INPUTS && Date.now() > end)
    })
  }
})
