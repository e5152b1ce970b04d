/**
 * How long calls take while the router has much else to do, and another process calls a procedure of
 * its own all the time.
 *
 *   node scripts/bench/fairness.mjs [--load burst|large|history] [--subs 10000] [--burst 2000]
 *     [--router wampd@FOLDER]
 *
 * burst: 10,000 subscribers get a burst of 2,000 publications; it fails where an event is lost or
 * out of order. large: they get one publication of 1 MiB. history: sessions look through a history
 * of 10,000 events in an LMDB file, again and again, for what is not there.
 *
 * Prints the latencies of calls before that and during it.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as pathOf } from 'node:path'
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
    load: { type: 'string', default: 'burst' },
    router: { type: 'string', default: 'wampd' },
    url: { type: 'string' },
  },
})
const [subs, publications] = [Number(values.subs), Number(values.burst)]
/** Events of the history. */
const KEPT = 10_000

const parts = { burst, large, history, call }
await (parts[positionals[0]] ?? launch)()
process.exit()

/** Starts the router on one core, and on the other who publishes and hears, and who calls. */
async function launch() {
  const folder = mkdtempSync(pathOf(tmpdir(), 'wampd-fairness-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const options = values.load === 'history' ? withHistory(folder) : {}
  const router = await startRouter(values.router, [], [JSON.stringify(options)])
  const self = [process.execPath, import.meta.filename]
  const more = ['--url', router.url, '--subs', `${subs}`, '--burst', `${publications}`]
  const publisher = start(1, [...self, values.load, ...more], { ipc: true })
  const caller = start(1, [...self, 'call', ...more], { ipc: true })
  publisher.on('message', phase => caller.connected && caller.send(phase))
  await publisher.ended
  await Promise.race([caller.ended, sleep(2000)])
  console.log(caller.output.trim())
  console.log(publisher.output.trim())
  console.log(router.child.output.trim())
  await Promise.all([router.child, publisher, caller].map(stop))
  process.exitCode = publisher.exitCode
}

async function burst() {
  const counters = new Uint32Array(subs)
  const seconds = await heard(
    (text, i) => {
      // [36,subscription,publication,{},[number]]
      const number = Number(text.slice(text.lastIndexOf('[') + 1, -2))
      if (number !== counters[i]) fail(`subscriber ${i} got ${number}, ${counters[i]} was next`)
      counters[i]++
    },
    Array.from({ length: publications }, (_, i) => i),
  )
  console.log(`${subs * publications} events in ${seconds} s, none lost, all in order`)
}

async function large() {
  const seconds = await heard(() => {}, ['x'.repeat((1 << 20) - 100)])
  console.log(`${subs} events in ${seconds} s`)
}

/** Publishes these one after the other; gives how long it takes until all subscribers have all: s. */
async function heard(hear, contents) {
  let events = 0
  for (let i = 0; i < subs; i++) {
    const session = await join(values.url)
    await session.request(32, 'fair.topic')
    session.heard = text => {
      hear(text, i)
      events++
    }
  }
  const publisher = await join(values.url)
  process.send('before')
  await sleep(1000)
  process.send('during')
  const begun = performance.now()
  for (const [i, value] of contents.entries()) {
    publisher.send([16, i + 1, {}, 'fair.topic', [value]])
  }
  while (events < subs * contents.length) {
    if (performance.now() - begun > 120_000) fail(`${events} events after two minutes`)
    await sleep(20)
  }
  process.send('after')
  return ((performance.now() - begun) / 1000).toFixed(1)
}

/** Options of a router whose realm has a history in a file. */
function withHistory(folder) {
  const allow = { call: true, register: true, publish: true, subscribe: true }
  const permissions = [
    { uri: '', match: 'prefix', allow },
    { uri: 'wamp', match: 'prefix', allow: { call: true } },
  ]
  const store = { type: 'lmdb', path: pathOf(folder, 'events.lmdb') }
  const event_history = [{ uri: 'fair', match: 'prefix', limit: KEPT }]
  const roles = [{ name: 'anonymous', permissions }]
  return { realms: [{ name: 'realm1', roles, store, event_history }] }
}

async function history() {
  const publisher = await join(values.url)
  for (let i = 1; i <= KEPT; i++) {
    const message = [16, i, { acknowledge: i % 500 === 0 }, 'fair.topic', ['x'.repeat(100)]]
    if (i % 500 !== 0) publisher.send(message)
    else await publisher.ask(message)
  }
  const [, , , [id]] = await publisher.ask([
    ...[48, KEPT + 1, {}, 'wamp.subscription.lookup'],
    ['fair', { match: 'prefix' }],
  ])
  process.send('before')
  await sleep(1000)
  process.send('during')
  const begun = performance.now()
  let reads = 0
  const look = async () => {
    const reader = await join(values.url)
    for (let i = 1; performance.now() - begun < 10_000; i++) {
      const call = [48, i, {}, 'wamp.subscription.get_events', [id], { topic: 'fair.other' }]
      const [type] = await reader.ask(call)
      if (type !== 50) fail('a read failed')
      reads++
    }
  }
  await Promise.all([look(), look(), look(), look()])
  process.send('after')
  console.log(`${reads} reads that look through ${KEPT} events`)
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
  console.log(`calls ${when}: ${times.length}, ${figures}`)
}

function join(url) {
  return new Promise(resolve => {
    const socket = new WebSocket(url, 'wamp.2.json', { perMessageDeflate: false })
    const session = { lastId: 0, heard: undefined, send, request, ask }
    const roles = { caller: {}, callee: {}, publisher: {}, subscriber: {} }
    socket.on('open', () => send([1, 'realm1', { roles }]))
    socket.on('message', data => session.heard(data.toString()))
    socket.on('error', error => fail(error.message))
    socket.on('close', code => fail(`the router closed a connection: ${code}`))
    session.heard = () => resolve(session)
    function send(message) {
      socket.send(JSON.stringify(message))
    }
    function ask(message) {
      return new Promise(answered => {
        session.heard = text => answered(JSON.parse(text))
        send(message)
      })
    }
    function request(type, uri) {
      return ask([type, ++session.lastId, {}, uri])
    }
  })
}

function fail(why) {
  console.log(why)
  process.exit(1)
}
