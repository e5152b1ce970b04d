/**
 * How many sessions one machine holds: as many routers as it takes, each with its own client process,
 * over WebSocket on uWebSockets.js and loopback. Sessions join, subscribe to one topic and are idle.
 *
 *   npm run build && node scripts/connections.mjs [--sessions 20000] [--each 19000] [--at-once 2]
 *     [--minutes 20] [--reserve 3] [--nice 10]
 *
 * --each: sessions of a router; the files that a process may open limit them. --at-once: routers that are
 * filled at the same time. At the end each router gets one event for all its sessions, and who has it is
 * counted. It does not begin, and stops filling, where less than --reserve GiB of memory would be free,
 * and after --minutes; below the reserve, whatever the cause, it ends at once. All that it started ends
 * with it.
 */
import { readFileSync } from 'node:fs'
import { availableParallelism, setPriority } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { start } from './bench/processes.mjs'

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '20000' },
    each: { type: 'string', default: '19000' },
    'at-once': { type: 'string', default: '2' },
    minutes: { type: 'string', default: '20' },
    reserve: { type: 'string', default: '3' },
    nice: { type: 'string', default: '10' },
  },
})
const [sessions, each, atOnce] = [values.sessions, values.each, values['at-once']].map(Number)
const reserve = Number(values.reserve) * 2 ** 30
const deadline = Date.now() + Number(values.minutes) * 60_000
const dist = resolve(import.meta.dirname, '../dist')
setPriority(Number(values.nice))

/** What a session takes of the machine, with its client and both ends of its connection, until it is known. */
let bytesEach = 22_000
/** What a router and its client take without sessions. */
const BYTES_AT_REST = 160 << 20

const before = machineMemory()
/** Where sessions are: a router, its client, and what is known of them. */
const places = []
const begin = Date.now()
const watch = setInterval(() => {
  if (machineMemory().available > reserve) return
  console.log('memory is short: all ends')
  process.exit(1)
}, 500)

console.log(
  '| sessions | routers | router, bytes a session | kernel, bytes a session | free | time |',
)
console.log('|---|---|---|---|---|---|')
let begun = 0
let why
await Promise.all(Array.from({ length: atOnce }, fillOneAfterAnother))
if (places.length > 0) await deliver()
clearInterval(watch)
if (why !== undefined) console.log(`stopped at ${held()} sessions: ${why}`)
process.exit(held() === sessions ? 0 : 1)

async function fillOneAfterAnother() {
  while (begun < sessions && why === undefined) {
    const count = Math.min(each, sessions - begun)
    // Those that are being filled by others have not taken theirs yet.
    const needed = atOnce * (BYTES_AT_REST + bytesEach * count)
    if (machineMemory().available - needed < reserve) why = 'memory would be short'
    else if (Date.now() > deadline) why = 'the time is over'
    else {
      begun += count
      await fill(count)
      report()
    }
  }
}

async function fill(count) {
  const router = node('router.mjs', [dist], ['--expose-gc'])
  const { port } = await answer(router)
  await ask(router)
  const rest = anonymous(router)
  const client = node('client.mjs', [port, count])
  client.on('message', ({ failed }) => {
    if (failed !== undefined) why = `a client could not join: ${failed}`
  })
  const { held } = await answer(client, 'held')
  const { sessions } = await ask(router)
  if (sessions !== held) why = `the router has ${sessions} sessions, its client ${held}`
  places.push({ router, client, held, taken: anonymous(router) - rest })
}

function held() {
  return places.reduce((sum, place) => sum + place.held, 0)
}

function report() {
  const now = machineMemory()
  const taken = places.reduce((sum, place) => sum + place.taken, 0)
  bytesEach = (before.available - now.available - places.length * BYTES_AT_REST) / held()
  const cells = [
    held().toLocaleString('en'),
    places.length,
    Math.round(taken / held()).toLocaleString('en'),
    Math.round((now.kernel - before.kernel) / held()).toLocaleString('en'),
    `${(now.available / 2 ** 30).toFixed(1)} GiB`,
    `${Math.round((Date.now() - begin) / 1000)} s`,
  ]
  console.log(`| ${cells.join(' | ')} |`)
}

/** One event for all sessions of each router, one router after the other. */
async function deliver() {
  let received = 0
  const times = []
  for (const { client } of places) {
    const answer = await ask(client)
    received += answer.received
    times.push(answer.ms)
  }
  times.sort((a, b) => a - b)
  const [median, most] = [times[times.length >> 1], times.at(-1)].map(ms => Math.round(ms))
  console.log(
    `\n${received} of ${held()} sessions got their event; a router took ${median} ms for all`,
  )
  console.log(`of its own at the median, ${most} ms at most`)
}

function node(file, args, flags = []) {
  const path = join(import.meta.dirname, 'connections', file)
  const core = places.length % availableParallelism()
  return start(core, [process.execPath, ...flags, path, ...args.map(String)], { ipc: true })
}

function ask(child) {
  child.send('report')
  return answer(child)
}

/** The next message of a child, or the next that has a key. */
function answer(child, key) {
  return new Promise((resolve, reject) => {
    const hear = message => {
      if (key !== undefined && !(key in message)) return
      child.off('message', hear)
      resolve(message)
    }
    child.on('message', hear)
    void child.ended.then(() => reject(new Error(`a process ended: ${child.output}`)))
  })
}

/** Memory of a process that it shares with none, in bytes. */
function anonymous({ pid }) {
  return 1024 * Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

/** What is free, and what the kernel keeps for itself, which is sockets and files here. Bytes. */
function machineMemory() {
  const text = readFileSync('/proc/meminfo', 'utf8')
  const of = name => 1024 * Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1])
  return { available: of('MemAvailable'), kernel: of('SUnreclaim') }
}
