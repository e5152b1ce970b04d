/**
 * A small load generator, for where wampload cannot be built:
 *
 *   node client.mjs rpc|fanout|pairs --url ws://… --serializer json [--window 64] …
 *
 * It keeps a number of calls or publications in flight, checks every answer, and tells its parent
 * when the measured time begins and what came to pass in it.
 */
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Packr } from 'msgpackr'
import WebSocket from 'ws'

const HELLO = 1
const WELCOME = 2
const PUBLISH = 16
const SUBSCRIBE = 32
const SUBSCRIBED = 33
const EVENT = 36
const CALL = 48
const RESULT = 50
const REGISTER = 64
const REGISTERED = 65
const INVOCATION = 68
const YIELD = 70

const string = { type: 'string' }
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: string,
    serializer: { ...string, default: 'json' },
    seconds: { ...string, default: '2' },
    warmup: { ...string, default: '0.5' },
    callers: { ...string, default: '1' },
    callees: { ...string, default: '1' },
    subs: { ...string, default: '100' },
    pairs: { ...string, default: '100' },
    payload: { ...string, default: '16' },
    window: string,
    rate: { ...string, default: '0' },
    // rpc: all callees share one procedure; others that are registered too; progress of each call.
    invoke: string,
    extra: { ...string, default: '0' },
    progress: { ...string, default: '0' },
  },
})
const payload = 'x'.repeat(Number(values.payload))
const packr = new Packr({ useRecords: false, int64AsType: 'number' })
const { encode, decode } = {
  json: { encode: JSON.stringify, decode: JSON.parse },
  msgpack: { encode: message => packr.pack(message), decode: data => packr.unpack(data) },
}[values.serializer]

/** What a callee announces, so that it is asked for progress. */
const CALLEE = { features: { progressive_call_results: true, call_canceling: true } }

let live = true // may new work start?
let inFlight = 0
let count = 0
const latencies = []

const loads = { rpc, fanout, pairs }
const what = await loads[positionals[0]]()
await sleep(Number(values.warmup) * 1000)
count = 0
latencies.length = 0
process.send?.('begin')
const start = performance.now()
await sleep(Number(values.seconds) * 1000)
const seconds = (performance.now() - start) / 1000
process.send?.('end') // first, as sorting takes a while
const p50_us = latencies.sort((a, b) => a - b)[latencies.length >> 1] * 1000
process.send?.({ what, count, seconds, p50_us })

live = false
for (let tries = 0; inFlight > 0; tries++) {
  if (tries > 1000) fail(`${inFlight} calls or publications were never answered`)
  await sleep(10)
}
process.exit()

function fail(why) {
  console.error(why)
  process.exit(2)
}

/** Opens a session. What comes in goes to `session.take`. */
function join(callee = {}) {
  return new Promise(resolve => {
    const protocol = `wamp.2.${values.serializer}`
    const socket = new WebSocket(values.url, protocol, { perMessageDeflate: false })
    const session = { lastId: 0, take: undefined, send: message => socket.send(encode(message)) }
    const roles = { caller: {}, callee, publisher: {}, subscriber: {} }
    socket.on('open', () => session.send([HELLO, 'realm1', { roles }]))
    socket.on('message', data => session.take(decode(data)))
    socket.on('error', error => fail(error.message))
    socket.on('close', code => fail(`the router closed a connection: ${code}`))
    session.take = expect(WELCOME, () => resolve(session))
  })
}

/** Sends SUBSCRIBE or REGISTER and waits for the answer. */
function request(session, type, answer, uri, options = {}) {
  return new Promise(resolve => {
    session.take = expect(answer, resolve)
    session.send([type, ++session.lastId, options, uri])
  })
}

function expect(type, next) {
  return message => {
    if (message[0] === type) next(message)
    else fail(`expected a message of type ${type}, got ${JSON.stringify(message)}`)
  }
}

async function rpc() {
  const callees = Number(values.callees)
  const shared = values.invoke !== undefined
  const progress = Number(values.progress)
  for (let i = 0; i < callees; i++) {
    const session = await join(CALLEE)
    const options = shared ? { invoke: values.invoke } : {}
    await request(session, REGISTER, REGISTERED, uriOf(shared ? 0 : i), options)
    for (let k = 0; k < Number(values.extra) / callees; k++) {
      await request(session, REGISTER, REGISTERED, `load.extra.${i}.${k}`)
    }
    session.take = expect(INVOCATION, ([, id, , , args]) => {
      for (let k = 0; k < progress; k++) session.send([YIELD, id, { progress: true }, args])
      session.send([YIELD, id, {}, args])
    })
  }
  const callers = await times(Number(values.callers), () => join())
  const options = progress > 0 ? { receive_progress: true } : {}
  for (const [i, caller] of callers.entries()) {
    const uri = uriOf(shared ? 0 : i % callees)
    const started = new Map()
    const call = () => {
      const id = ++caller.lastId
      started.set(id, { time: performance.now(), progress })
      inFlight++
      caller.send([CALL, id, options, uri, [id, payload]])
    }
    caller.take = expect(RESULT, ([, id, details, args]) => {
      const open = started.get(id)
      if (args[0] !== id || args[1] !== payload || !open) fail('a RESULT fits no CALL')
      if (details.progress) {
        open.progress--
        return
      }
      if (open.progress !== 0) fail('progress is lost or doubled')
      latencies.push(performance.now() - open.time)
      started.delete(id)
      inFlight--
      count++
      if (live) call()
    })
    for (let w = 0; w < Number(values.window ?? 64); w++) call()
  }
  return 'calls'
}

function uriOf(callee) {
  return `load.proc.${callee}`
}

async function fanout() {
  const subs = Number(values.subs)
  const usual = Math.min(64, Math.max(2, Math.floor(6400 / subs)))
  const begin = await topic('load.fan', subs, Number(values.window ?? usual))
  begin()
  return 'events'
}

async function pairs() {
  const window = Number(values.window ?? 4)
  const topics = await times(Number(values.pairs), i => topic(`load.pair.${i}`, 1, window))
  // Only now, as the load of the first would keep the others from joining.
  for (const begin of topics) begin()
  return 'events'
}

/**
 * One publisher and its subscribers. A publication is done when all of them have it. Gives the
 * function that begins to publish.
 */
async function topic(uri, subs, window) {
  const left = new Map() // sequence number -> subscribers that still miss it
  const publisher = await join()
  publisher.take = message => fail(`unexpected: ${JSON.stringify(message)}`)
  const publish = () => {
    const sequence = ++publisher.lastId
    left.set(sequence, subs)
    inFlight++
    publisher.send([PUBLISH, sequence, {}, uri, [sequence, performance.now(), payload]])
  }
  const done = sequence => {
    left.delete(sequence)
    inFlight--
    if (live && rate === 0) publish()
  }
  const rate = Number(values.rate)
  for (let i = 0; i < subs; i++) {
    const session = await join()
    await request(session, SUBSCRIBE, SUBSCRIBED, uri)
    let last = 0
    session.take = expect(EVENT, ([, , , , [sequence, published, text]]) => {
      if (sequence !== ++last || text !== payload) fail('an event is lost, doubled or changed')
      latencies.push(performance.now() - published)
      count++
      const missing = left.get(sequence) - 1
      if (missing === 0) done(sequence)
      else left.set(sequence, missing)
    })
  }
  return () => {
    if (rate > 0) publishAt(rate, publish)
    else for (let w = 0; w < window; w++) publish()
  }
}

/** Publishes at a steady rate, whatever comes back. */
function publishAt(rate, publish) {
  const start = performance.now()
  let published = 0
  setInterval(() => {
    if (!live) return
    const due = ((performance.now() - start) / 1000) * rate
    for (; published < due; published++) publish()
  }, 1)
}

async function times(n, make) {
  const made = []
  for (let i = 0; i < n; i++) made.push(await make(i))
  return made
}
