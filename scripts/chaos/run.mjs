/**
 * Does to a router what the world does: clients are killed, disks are full, clocks jump, strangers
 * send bombs. Loopback only; each scenario ends by itself. Linux; `disk-full` needs root.
 *
 *   npm run build
 *   node scripts/chaos/run.mjs [SCENARIO …] [--transport uws]
 *
 * Prints, for each, whether the router did what it should, how long the calls of a bystander took
 * meanwhile, and what memory and files it held before, at most and after. Exits with 1 where one failed.
 */
import { fork } from 'node:child_process'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startRouter } from './router.mjs'
import { SCENARIOS } from './scenarios.mjs'

/** No scenario takes longer. Milliseconds. */
const LIMIT = 60_000
/** Time for the router to come to rest. Milliseconds. */
const REST = 3000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { transport: { type: 'string', default: 'uws' } },
})
const chosen = SCENARIOS.filter(
  ({ name }) => positionals.length === 0 || positionals.includes(name),
)
if (chosen.length === 0 || chosen.length < positionals.length) {
  console.error(`the scenarios are ${SCENARIOS.map(({ name }) => name).join(', ')}`)
  process.exit(1)
}
console.log(`wampd on ${values.transport}, Node ${process.version}; MiB before, at most, after`)
for (const scenario of chosen) {
  const { verdict, seen } = await play(scenario)
  console.log(`${verdict === null ? 'ok    ' : 'FAILED'} ${scenario.name.padEnd(10)} ${seen}`)
  console.log(`       ${verdict ?? scenario.title}`)
  if (verdict !== null) process.exitCode = 1
}
process.exit()

async function play(scenario) {
  const place = scenario.prepare?.()
  const router = await startRouter(values.transport, { ...scenario.settings, ...place?.settings })
  const bystander = fork(resolve(import.meta.dirname, 'bystander.mjs'), [String(router.port)])
  bystander.ended = new Promise(done => bystander.once('exit', done))
  try {
    await new Promise(ready => bystander.once('message', ready))
    await sleep(1000)
    bystander.send('mark')
    const before = { rss: router.rss(), files: router.files() }
    let peak = before.rss
    const watch = setInterval(() => {
      if (router.isUp) peak = Math.max(peak, router.rss())
    }, 50)
    const problems = []
    const late = sleep(LIMIT).then(() => {
      throw new Error(`not over after ${LIMIT} ms`)
    })
    await Promise.race([scenario.run(Object.assign(router, place)), late]).catch(error =>
      problems.push(error.message),
    )
    await sleep(REST)
    clearInterval(watch)
    const report = await reportOf(bystander)
    if (!router.isUp)
      problems.push(`the router ended with ${router.end}: ${router.log.slice(-500)}`)
    if (report.failure !== null) problems.push(`the bystander: ${report.failure}`)
    const after = router.isUp ? { rss: router.rss(), files: router.files() } : before
    const grown = after.rss - before.rss
    if (grown > scenario.calm) problems.push(`it keeps ${grown.toFixed(0)} MiB`)
    if (after.files > before.files + 2)
      problems.push(`it keeps ${after.files - before.files} files`)
    const memory = [before.rss, peak, after.rss].map(one => one.toFixed(0)).join(' → ')
    const times = [report.p50, report.p99, report.max].map(one => one?.toFixed(1)).join(' / ')
    const seen = `${memory} MiB; ${report.calls} calls, p50 / p99 / max ${times} ms; ${router.lines} log lines`
    return { verdict: problems.length === 0 ? null : problems.join('; '), seen }
  } finally {
    bystander.kill()
    await router.stop()
    place?.clear()
  }
}

function reportOf(bystander) {
  return new Promise(done => {
    bystander.on('message', done)
    void bystander.ended.then(() => done({ calls: 0, failure: 'it has ended' }))
    if (bystander.connected) bystander.send('end')
  })
}
