/**
 * What looking at messages costs: CPU time of a router, and of clients in the same process, for a call and for
 * an event, while nobody looks, while somebody traces, and with spans for OpenTelemetry.
 *
 *   node scripts/bench/tracing.mjs [ROUNDS]
 *
 * All ways take turns within one process, so that they are disturbed alike. Readers of traces and spans are in a
 * process of their own.
 */
import { fork } from 'node:child_process'
import { createServer } from 'node:http'
import { createRouter } from '../../dist/index.js'
import { machine } from './table.mjs'

if (process.send !== undefined) await read()
else await measure()

/** The other process: takes spans, and reads traces. */
async function read() {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200).end('{}'))
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  let leaving = new AbortController()
  process.on('message', async ({ url, headers }) => {
    leaving.abort()
    leaving = new AbortController()
    if (url === undefined) return process.send({})
    const response = await fetch(url, { headers, signal: leaving.signal })
    process.send({ status: response.status })
    try {
      for await (const _ of response.body);
    } catch {
      // It was told to leave.
    }
  })
  process.send({ endpoint: `http://127.0.0.1:${server.address().port}` })
}

async function measure() {
  const rounds = Number(process.argv[2] ?? 9)
  const other = fork(import.meta.filename)
  const { endpoint } = await told()
  const log = { error: console.error, warn: console.error, info() {}, debug() {} }
  const routers = []
  const way = async (name, tracing, query) => {
    const keys = { development: true, logger: log, ...(tracing && { tracing }) }
    const router = createRouter(keys)
    routers.push(router)
    await router.listen({ port: 0 })
    const { url, link } = await router.serveAdmin({ port: 0 })
    const headers = { authorization: `Bearer ${link.split('#')[1]}` }
    const ask = query === undefined ? {} : { url: `${url}api/trace?${query}`, headers }
    return { name, ask, ...(await loads(router)), costs: { call: [], event: [] } }
  }
  const spans = sample_ratio => ({ otlp: { endpoint }, sample_ratio, queue: 100_000 })
  const ways = [
    await way('nobody looks'),
    await way('nobody looks, once more'),
    await way('a trace of another topic', undefined, 'uri=another&rate=10000'),
    await way('a trace of all, 1,000 lines/s', undefined, 'rate=1000'),
    await way('a trace of all, 10,000 lines/s', undefined, 'rate=10000'),
    await way('spans, sample_ratio 0', spans(0)),
    await way('spans, sample_ratio 0.01', spans(0.01)),
    await way('spans, sample_ratio 1', spans(1)),
  ]
  for (let round = -1; round < rounds; round++) {
    for (const { ask, costs, ...load } of round % 2 ? ways : [...ways].reverse()) {
      other.send(ask)
      await told()
      for (const what of ['call', 'event']) {
        const cost = await costOf(load[what])
        if (round >= 0) costs[what].push(cost)
      }
    }
  }
  console.log(
    `${machine(['in memory'])}\n\n| | µs a call | | µs an event | |\n|---|---|---|---|---|`,
  )
  const base = ways[0].costs
  for (const { name, costs } of ways) {
    const cells = ['call', 'event'].flatMap(what => {
      const ratios = costs[what].map((cost, i) => cost / base[what][i])
      return [median(costs[what]).toFixed(2), `× ${median(ratios).toFixed(3)}`]
    })
    console.log(`| ${name} | ${cells.join(' | ')} |`)
  }
  process.exit()

  function told() {
    return new Promise(resolve => other.once('message', resolve))
  }
}

/** A caller with its callee, and a publisher with a hundred subscribers, over connections in memory. */
async function loads(router) {
  const Socket = router.localWebSocket()
  const [caller, callee, publisher] = await Promise.all([1, 2, 3].map(() => join(Socket)))
  await callee.ask([64, 1, {}, 'bench.call'])
  callee.hear = ([type, request]) => {
    if (type === 68) callee.send(`[70,${request},{},["0123456789abcdef"]]`)
  }
  const subscribers = await Promise.all(Array.from({ length: 100 }, () => join(Socket)))
  for (const one of subscribers) await one.ask([32, 1, {}, 'bench.topic'])
  let [calls, published] = [0, 0]
  return {
    call: () =>
      windowed(8000, 64, done => {
        caller.hear = done
        return () => caller.send(`[48,${++calls},{},"bench.call",["0123456789abcdef"]]`)
      }),
    event: () =>
      windowed(400, 4, done => {
        subscribers.at(-1).hear = done
        return () => publisher.send(`[16,${++published},{},"bench.topic",["0123456789abcdef"]]`)
      }).then(count => count * subscribers.length),
  }
}

/** Sends so many, some at a time. */
function windowed(count, window, start) {
  return new Promise(resolve => {
    let [sent, answered] = [0, 0]
    const send = start(() => {
      if (++answered === count) resolve(count)
      else if (sent < count) next()
    })
    const next = () => {
      sent++
      send()
    }
    for (let i = 0; i < window; i++) next()
  })
}

/** CPU time of one message: microseconds. */
async function costOf(load) {
  const before = process.cpuUsage()
  const count = await load()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / count
}

async function join(Socket) {
  const socket = new Socket('ws://router/', 'wamp.2.json')
  const client = {
    hear: () => {},
    send: text => socket.send(text),
    ask: message =>
      new Promise(resolve => {
        client.hear = resolve
        socket.send(JSON.stringify(message))
      }),
  }
  socket.onmessage = ({ data }) => {
    // Answers are not read where nobody needs what is in them.
    client.hear(client.hear.length === 0 ? data : JSON.parse(data))
  }
  await new Promise(resolve => {
    socket.onopen = resolve
  })
  await client.ask([
    1,
    'realm1',
    { roles: { publisher: {}, subscriber: {}, caller: {}, callee: {} } },
  ])
  client.hear = () => {}
  return client
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1]
}
