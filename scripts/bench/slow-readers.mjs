/**
 * What readers that are frozen cost the others and the router: 1,000 subscribers hear 10 events of
 * 1 KiB a second, first alone, then while others have stopped to read and a flood comes for them.
 *
 *   node scripts/bench/slow-readers.mjs [--subs 1000] [--frozen 1] [--policy drop|disconnect]
 *     [--router wampd|wampd-ws]
 *
 * Prints, of both times, what the others got, how late, and the most memory that the router had.
 */
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import WebSocket from 'ws'
import { startRouter } from './routers.mjs'

const { values } = parseArgs({
  options: {
    subs: { type: 'string', default: '1000' },
    frozen: { type: 'string', default: '1' },
    policy: { type: 'string', default: 'drop' },
    router: { type: 'string', default: 'wampd' },
  },
})
const [subs, frozen] = [Number(values.subs), Number(values.frozen)]
/** Milliseconds. */
const PHASE = 6000
/** Events a second, and bytes of each: for all, and for those who are frozen. */
const [RATE, SIZE] = [10, 1024]
const [FLOOD_RATE, FLOOD_SIZE] = [30, 64 << 10]

const sendBuffer = { limit: 1 << 20, policy: values.policy }
const { child: router, url } = await startRouter(
  values.router,
  [],
  [JSON.stringify({ sendBuffer })],
)
setTimeout(() => {
  console.error('it did not end in time')
  process.exit(1)
}, 60_000).unref()

let times = []
let cut = 0
for (let i = 0; i < subs; i++) {
  const session = await joined(url)
  await session.request(32, 'slow.all')
  // [36,subscription,publication,{},[time,text]]
  session.heard = text =>
    times.push(performance.now() - Number(text.slice(text.lastIndexOf('[') + 1).split(',')[0]))
}
const publisher = await joined(url)
await phase('all read')
const asleep = []
for (let i = 0; i < frozen; i++) {
  const session = await joined(url, () => cut++)
  await session.request(32, 'slow.flood')
  session.stream.pause()
  asleep.push(session)
}
await phase(`${frozen} frozen`, true)
// Who does not read does not hear that it is cut off, either.
for (const { stream } of asleep) stream.resume()
await sleep(2000)
console.log(`${values.router}, ${values.policy}: ${cut} of ${frozen} frozen readers were cut off`)
process.exit()

async function phase(name, floods = false) {
  times = []
  const before = rss()
  let most = before
  const begun = performance.now()
  const text = 'x'.repeat(SIZE)
  const flood = 'x'.repeat(FLOOD_SIZE)
  const flow = every(1000 / RATE, () =>
    publisher.send([16, publisher.next(), {}, 'slow.all', [performance.now(), text]]),
  )
  const other = every(
    1000 / FLOOD_RATE,
    () => floods && publisher.send([16, publisher.next(), {}, 'slow.flood', [flood]]),
  )
  while (performance.now() - begun < PHASE) {
    most = Math.max(most, rss())
    await sleep(50)
  }
  clearInterval(flow)
  clearInterval(other)
  await sleep(1000)
  times.sort((a, b) => a - b)
  const at = share => times[Math.floor((times.length - 1) * share)]?.toFixed(0)
  const rate = Math.round(times.length / (PHASE / 1000))
  console.log(
    `${name}: ${rate} events/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms; router ${mib(before)} MiB, at most ${mib(most)} MiB`,
  )
}

/** Keeps to a rate, whatever timers do. */
function every(period, run) {
  let next = performance.now()
  return setInterval(() => {
    for (; next <= performance.now(); next += period) run()
  }, 5)
}

function rss() {
  const status = readFileSync(`/proc/${router.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) * 1024
}

function mib(bytes) {
  return Math.round(bytes / (1 << 20))
}

function joined(url, gone) {
  return new Promise(resolve => {
    const socket = new WebSocket(url, 'wamp.2.json', { perMessageDeflate: false })
    const session = { heard: undefined, lastId: 0, stream: null, send, next, request }
    const roles = { caller: {}, callee: {}, publisher: {}, subscriber: {} }
    session.heard = () => {
      // To pause that of `ws` would still have the socket read.
      session.stream = socket._socket
      resolve(session)
    }
    socket.on('open', () => send([1, 'realm1', { roles }]))
    socket.on('message', data => session.heard(data.toString()))
    socket.on('error', () => {})
    socket.on('close', code => {
      if (!gone) throw new Error(`the router closed a connection: ${code}`)
      gone()
    })
    function send(message) {
      socket.send(JSON.stringify(message))
    }
    function next() {
      return ++session.lastId
    }
    function request(type, uri) {
      return new Promise(answered => {
        session.heard = answered
        send([type, next(), {}, uri])
      })
    }
  })
}
