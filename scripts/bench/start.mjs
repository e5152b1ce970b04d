// How long wampd needs until it listens, and what memory it holds then. `node scripts/bench/start.mjs`
// measures `dev`; what stands behind it is the command line of another start. Linux only.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const RUNS = 9
/** Time to come to rest before memory is read: ms. */
const REST = 2000

const cli = resolve(import.meta.dirname, '../../dist/cli.js')
const given = process.argv.slice(2)
const args = given.length > 0 ? given : ['dev', '--port', '0']

const runs = []
for (let i = 0; i < RUNS; i++) runs.push(await run())
const bare = await memoryOf(
  spawn(process.execPath, ['-e', 'setTimeout(() => {}, 1e6)'], { stdio: 'ignore' }),
)
console.log(`wampd ${args.join(' ')}: median of ${RUNS} runs, Node ${process.version}`)
console.log(`listens after ${median(runs.map(({ time }) => time)).toFixed(0)} ms`)
console.log(`CPU time until then ${median(runs.map(({ cpu }) => cpu)).toFixed(0)} ms`)
console.log(`RSS at rest ${median(runs.map(({ memory }) => memory)).toFixed(1)} MiB`)
console.log(`RSS of Node with nothing in it ${bare.toFixed(1)} MiB`)

async function run() {
  const from = performance.now()
  const router = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  await new Promise((listens, reject) => {
    router.stdout.on('data', text => String(text).includes('listens on') && listens())
    router.once('exit', code => reject(new Error(`wampd ended with ${code}`)))
  })
  const time = performance.now() - from
  const cpu = cpuOf(router)
  return { time, cpu, memory: await memoryOf(router) }
}

/** What a process has computed so far, in ms: fields 14 and 15 of its `stat`, in hundredths of a second. */
function cpuOf({ pid }) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** The memory of a process that is at rest, in MiB; then it is ended. */
async function memoryOf(child) {
  await new Promise(done => setTimeout(done, REST))
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))
  child.removeAllListeners('exit')
  const ended = new Promise(done => child.once('exit', done))
  child.kill('SIGTERM')
  await ended
  return Number(kib) / 1024
}

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)]
}
