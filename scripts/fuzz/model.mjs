/**
 * Leads the whole router through random courses, as test/property does, for as long as one likes.
 *
 *   npm run build && npx tsc -p tsconfig.test.json
 *   node scripts/fuzz/model.mjs [--minutes 10] [--seed 1]
 *
 * A failure ends it with the seed, what is wrong, and the steps that it takes; `SEED=…` before the
 * test plays it again.
 */
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
})
const built = '../../build/test/property/runs.js'
const { runSeeds } = await import(built)

const end = Date.now() + Number(values.minutes) * 60_000
console.log(`from seed ${values.seed} on`)
try {
  const runs = await runSeeds(Number(values.seed), () => Date.now() > end)
  console.log(`${runs} courses: every request answered once, nothing left over`)
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
