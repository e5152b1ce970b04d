/**
 * Tries the parsers with ever new inputs, as test/property does, for as long as one likes.
 *
 *   npm run build && npx tsc -p tsconfig.test.json
 *   node scripts/fuzz/run.mjs [--minutes 10] [--target json] [--seed 1]
 *
 * Without a target all take their turns. An input that leads to what may not be ends it, and is
 * kept among the seeds of its target: the tests try it from then on.
 */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    target: { type: 'string' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
})
const built = '../../build/test/property/'
const { fuzz, corpusOf } = await import(`${built}fuzz.js`)
const { TARGETS } = await import(`${built}targets.js`)

const chosen = TARGETS.filter(({ name }) => values.target === undefined || name === values.target)
if (chosen.length === 0) {
  console.error(`the targets are ${TARGETS.map(({ name }) => name).join(', ')}`)
  process.exit(1)
}
const time = (Number(values.minutes) * 60_000) / chosen.length
console.log(`seed ${values.seed}`)
for (const target of chosen) {
  const end = Date.now() + time
  try {
    const count = await fuzz(target, Number(values.seed), () => Date.now() > end)
    console.log(`${target.name}: ${count} inputs`)
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
    if (error.input === undefined) continue
    const hash = createHash('sha256').update(error.input).digest('hex').slice(0, 12)
    const path = join(corpusOf(target), `found-${hash}`)
    writeFileSync(path, error.input)
    console.error(`kept as ${path}`)
  }
}
