import { expect } from 'chai'
import { fuzz } from './fuzz.ts'
import { TARGETS } from './targets.ts'

/** How long each parser is tried. Milliseconds. */
const TIME = 1500

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))

describe(`whatever strangers send (SEED=${seed})`, () => {
  for (const target of TARGETS) {
    it(`${target.name} takes it or refuses it`, async function () {
      this.timeout(30_000)
      const end = Date.now() + TIME
      expect(await fuzz(target, seed, () => Date.now() > end)).greaterThan(20)
    })
  }
})
