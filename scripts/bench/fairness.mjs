/**
 * How long calls take while a large fan-out goes on: 10,000 subscribers, a burst of 2,000
 * publications, and another session that calls a third one all the time.
 *
 *   node scripts/bench/fairness.mjs [--subs 10000] [--burst 2000] [--dist FOLDER]
 *
 * Prints the latencies of calls before the burst and during it, and fails where an event is lost
 * or out of order.
 */
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import WebSocket from 'ws'
import { start, stop } from './processes.mjs'
import { startRouter } from './routers.mjs'

const { values } = parseArgs({
  options: {
    subs: { type: 'string', default: '10000' },
    burst: { type: 'string', default: '2000' },
    router: { type: 'string', default: 'wampd' },
    url: { type: 'string' },
  },
})
const [subs, burst] = [Number(values.subs), Number(values.burst)]

// The load runs on the core that the router does not.
if (values.url === undefined) await launch()
else await measure(values.url)
process.exit()

async function launch() {
  const router = await startRouter(values.router)
  const self = [process.execPath, import.meta.filename, '--url', router.url]
  const load = start(1, [...self, '--subs', `${subs}`, '--burst', `${burst}`])
  await load.ended
  console.log(load.output.trim())
  await stop(router.child)
  process.exitCode = load.exitCode
}

async function measure(url) {
  const counters = new Uint32Array(subs)
  let events = 0
  for (let i = 0; i < subs; i++) {
    const session = await join(url)
    await session.request(32, 'fair.topic')
    session.heard = text => {
      // [36,subscription,publication,{},[number]]
      const number = Number(text.slice(text.lastIndexOf('[') + 1, -2))
      if (number !== counters[i]) fail(`subscriber ${i} got ${number}, ${counters[i]} was next`)
      counters[i]++
      events++
    }
  }
  const [publisher, caller, callee] = [await join(url), await join(url), await join(url)]
  await callee.request(64, 'fair.call')
  callee.heard = text => callee.send([70, Number(text.split(',')[1]), {}, []])

  report('before', await latencies(caller, () => performance.now() - begun < 1000))
  for (let i = 0; i < burst; i++) publisher.send([16, i + 1, {}, 'fair.topic', [i]])
  report('during', await latencies(caller, () => events < subs * burst))
  const seconds = (performance.now() - begun) / 1000
  console.log(`${events} events in ${seconds.toFixed(1)} s, none lost, all in order`)
}

let begun = 0

/** Calls one after another while `goes` says so; gives the milliseconds that each took. */
async function latencies(caller, goes) {
  begun = performance.now()
  const times = []
  while (goes()) {
    if (performance.now() - begun > 120_000) fail('the burst takes too long')
    const start = performance.now()
    await new Promise(resolve => {
      caller.heard = resolve
      caller.send([48, ++caller.lastId, {}, 'fair.call'])
    })
    times.push(performance.now() - start)
  }
  return times
}

function report(when, times) {
  times.sort((a, b) => a - b)
  const at = share => times[Math.min(times.length - 1, Math.floor(times.length * share))].toFixed(1)
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
