/**
 * How long calls take while a large fan-out goes on: 10,000 subscribers, a burst of 2,000
 * publications, and another process that calls a procedure of its own all the time.
 *
 *   node scripts/bench/fairness.mjs [--subs 10000] [--burst 2000] [--router wampd@FOLDER]
 *
 * Prints the latencies of calls before the burst and during it, and fails where an event is lost
 * or out of order.
 */
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import WebSocket from 'ws'
import { start, stop } from './processes.mjs'
import { startRouter } from './routers.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    subs: { type: 'string', default: '10000' },
    burst: { type: 'string', default: '2000' },
    router: { type: 'string', default: 'wampd' },
    url: { type: 'string' },
  },
})
const [subs, burst] = [Number(values.subs), Number(values.burst)]

const parts = { publish, call }
await (parts[positionals[0]] ?? launch)()
process.exit()

/** Starts the router on one core, and on the other who publishes and hears, and who calls. */
async function launch() {
  const router = await startRouter(values.router)
  const self = [process.execPath, import.meta.filename]
  const more = ['--url', router.url, '--subs', `${subs}`, '--burst', `${burst}`]
  const publisher = start(1, [...self, 'publish', ...more], { ipc: true })
  const caller = start(1, [...self, 'call', ...more], { ipc: true })
  publisher.on('message', phase => caller.connected && caller.send(phase))
  await publisher.ended
  await Promise.race([caller.ended, sleep(2000)])
  console.log(caller.output.trim())
  console.log(publisher.output.trim())
  await Promise.all([router.child, publisher, caller].map(stop))
  process.exitCode = publisher.exitCode
}

async function publish() {
  const counters = new Uint32Array(subs)
  let events = 0
  for (let i = 0; i < subs; i++) {
    const session = await join(values.url)
    await session.request(32, 'fair.topic')
    session.heard = text => {
      // [36,subscription,publication,{},[number]]
      const number = Number(text.slice(text.lastIndexOf('[') + 1, -2))
      if (number !== counters[i]) fail(`subscriber ${i} got ${number}, ${counters[i]} was next`)
      counters[i]++
      events++
    }
  }
  const publisher = await join(values.url)
  process.send('before')
  await sleep(1000)
  process.send('during')
  const begun = performance.now()
  for (let i = 0; i < burst; i++) publisher.send([16, i + 1, {}, 'fair.topic', [i]])
  while (events < subs * burst) {
    if (performance.now() - begun > 120_000) fail(`${events} events after two minutes`)
    await sleep(20)
  }
  process.send('after')
  const seconds = (performance.now() - begun) / 1000
  console.log(`${events} events in ${seconds.toFixed(1)} s, none lost, all in order`)
}

/** Calls one after another, and notes the milliseconds that each call took, by phase. */
async function call() {
  const [caller, callee] = [await join(values.url), await join(values.url)]
  await callee.request(64, 'fair.call')
  callee.heard = text => callee.send([70, Number(text.split(',')[1]), {}, []])
  const times = { start: [], before: [], during: [] }
  let phase = 'start'
  process.on('message', next => {
    phase = next
  })
  while (phase !== 'after') {
    const begun = performance.now()
    const of = times[phase]
    await caller.request(48, 'fair.call')
    of.push(performance.now() - begun)
  }
  report('before', times.before)
  report('during', times.during)
}

function report(when, times) {
  times.sort((a, b) => a - b)
  const at = share =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))]?.toFixed(1)
  const figures = `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms`
  console.log(`calls ${when} the burst: ${times.length}, ${figures}`)
}

function join(url) {
  return new Promise(resolve => {
    const socket = new WebSocket(url, 'wamp.2.json', { perMessageDeflate: false })
    const session = { lastId: 0, heard: undefined, send, request }
    const roles = { caller: {}, callee: {}, publisher: {}, subscriber: {} }
    socket.on('open', () => send([1, 'realm1', { roles }]))
    socket.on('message', data => session.heard(data.toString()))
    socket.on('error', error => fail(error.message))
    socket.on('close', code => fail(`the router closed a connection: ${code}`))
    session.heard = () => resolve(session)
    function send(message) {
      socket.send(JSON.stringify(message))
    }
    function request(type, uri) {
      return new Promise(answered => {
        session.heard = answered
        send([type, ++session.lastId, {}, uri])
      })
    }
  })
}

function fail(why) {
  console.log(why)
  process.exit(1)
}
