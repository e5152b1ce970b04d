/**
 * What long-poll costs compared with a WebSocket: router CPU time, bytes and connections for each event
 * and each call, at several rates for a client. Both on the transport `ws`, in one run.
 *
 *   npm run build && node scripts/bench/longpoll.mjs [--seconds 5] [--dist dist]
 *
 * Clients keep their HTTP connections open, as browsers do. Their headers are those of Node: browsers
 * add some hundred bytes to each request.
 */
import { Agent, request } from 'node:http'
import { join, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import WebSocket from 'ws'
import { start, stop } from './processes.mjs'
import { machine } from './table.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '5' },
    dist: { type: 'string', default: 'dist' },
  },
})

/** Times a second for a client, how many at once, and how many clients: enough for the CPU time to be told. */
const LOADS = [
  { rate: 1, burst: 1, clients: 100 },
  { rate: 10, burst: 1, clients: 20 },
  { rate: 100, burst: 1, clients: 3 },
  { rate: 100, burst: 10, clients: 3 },
]
const WAYS = {
  WebSocket: webSocket,
  'long-poll': (port, hear) => longPoll(port, hear, 'wamp.2.json'),
  'long-poll, batched': (port, hear) => longPoll(port, hear, 'wamp.2.json.batched'),
}

await (positionals[0] === 'serve' ? serve() : compare())

/** The router: publishes as it is told to, and says how much CPU time it has taken. */
async function serve() {
  const { createRouter } = await import(pathToFileURL(join(resolve(values.dist), 'index.js')).href)
  const router = createRouter({ development: true })
  const paths = { '/ws': { websocket: {} }, '/lp': { longpoll: {} } }
  const { port } = await router.listen({ port: 0, paths })
  const session = router.session('realm1')
  await session.register('bench.echo', ([, time]) => time)
  process.on('message', message => {
    if (message === 'cpu') {
      const { user, system } = process.cpuUsage()
      process.send(user + system)
    } else {
      const { rate, burst } = message
      setInterval(
        () => {
          for (let i = 0; i < burst; i++) {
            void session.publish('bench.topic', ['x'.repeat(40), now()])
          }
        },
        (1000 * burst) / rate,
      )
    }
  })
  process.on('disconnect', () => process.exit())
  process.send(port)
}

async function compare() {
  console.log(`${machine(['wampd'], 'scripts/bench/longpoll.mjs')}\n`)
  console.log(
    '| for each client | in all, each s | router CPU | bytes | connections a client | p50 |',
  )
  console.log('|---|---|---|---|---|---|')
  for (const what of ['event', 'call']) {
    for (const load of LOADS) {
      for (const way of Object.keys(WAYS)) await measure(what, load, way)
    }
  }
  process.exit()
}

async function measure(what, { rate, burst, clients }, way) {
  const self = [process.execPath, import.meta.filename, 'serve', '--dist', values.dist]
  const router = start(0, self, { ipc: true })
  router.ended.then(() => router.isWanted && fail(`the router ended: ${router.output}`))
  router.isWanted = true
  const port = await answer(router)
  const latencies = []
  const all = []
  for (let i = 0; i < clients; i++)
    all.push(await WAYS[way](port, sent => latencies.push(now() - sent)))
  const timers = []
  if (what === 'event') {
    for (const client of all) await client.subscribe('bench.topic')
    router.send({ rate, burst })
  } else {
    // Spread over the time between two calls.
    for (const client of all) {
      await sleep((1000 * burst) / rate / clients)
      const call = () => {
        for (let k = 0; k < burst; k++) client.call('bench.echo', now())
      }
      timers.push(setInterval(call, (1000 * burst) / rate))
    }
  }
  await sleep(1000)
  const bytesOf = () => all.reduce((sum, client) => sum + client.bytes(), 0)
  const before = { cpu: await cpu(router), bytes: bytesOf() }
  latencies.length = 0
  await sleep(Number(values.seconds) * 1000)
  const count = latencies.length
  if (!(count > 0 && latencies.every(Number.isFinite))) fail(`${way}: nothing came, or not as sent`)
  const micros = (await cpu(router)) - before.cpu
  const bytes = bytesOf() - before.bytes
  const connections = all.reduce((sum, client) => sum + client.connections(), 0) / clients
  const p50 = latencies.sort((a, b) => a - b)[count >> 1]
  for (const timer of timers) clearInterval(timer)
  router.isWanted = false
  for (const client of all) client.end()
  await stop(router)
  console.log(
    `| ${rate} ${what}s/s${burst > 1 ? `, ${burst} at once` : ''}, ${way} | ${Math.round(count / Number(values.seconds))} | ${(micros / count).toFixed(0)} µs | ${(bytes / count).toFixed(0)} ` +
      `| ${connections.toFixed(1)} | ${p50.toFixed(2)} ms |`,
  )
}

function webSocket(port, hear) {
  return new Promise(resolve => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, 'wamp.2.json', {
      perMessageDeflate: false,
    })
    const send = message => socket.send(JSON.stringify(message))
    const client = clientOf(send, hear, {
      bytes: () => socket._socket.bytesRead + socket._socket.bytesWritten,
      connections: () => 1,
      end: () => socket.terminate(),
    })
    socket.on('message', data => client.take(JSON.parse(data)))
    socket.on('open', () => client.join().then(() => resolve(client)))
    socket.on('error', error => fail(error.message))
  })
}

async function longPoll(port, hear, protocol) {
  const sockets = new Set()
  // As many connections as browsers have to one host.
  const agent = new Agent({ keepAlive: true, maxSockets: 6 })
  let isOver = false
  const post = (path, body) =>
    new Promise(resolve => {
      const options = { host: '127.0.0.1', port, path: `/lp${path}`, method: 'POST', agent }
      const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length }
      const sent = request({ ...options, headers }, response => {
        let text = ''
        response.setEncoding('utf8').on('data', part => {
          text += part
        })
        response.on('end', () => {
          if (response.statusCode > 204 && !isOver) fail(`${path}: ${response.statusCode} ${text}`)
          resolve(text)
        })
      })
      sent.on('socket', socket => sockets.add(socket))
      sent.on('error', error => isOver || fail(error.message))
      sent.end(body)
    })
  const opened = JSON.parse(await post('/open', JSON.stringify({ protocols: [protocol] })))
  const separator = protocol.endsWith('.batched') ? '\x1e' : ''
  const send = message =>
    void post(`/${opened.transport}/send`, JSON.stringify(message) + separator)
  const sum = of => [...sockets].reduce((total, socket) => total + socket[of], 0)
  const client = clientOf(send, hear, {
    bytes: () => sum('bytesRead') + sum('bytesWritten'),
    connections: () => [...sockets].filter(socket => !socket.destroyed).length,
    end() {
      isOver = true
      agent.destroy()
    },
  })
  const poll = async () => {
    while (!isOver) {
      const text = await post(`/${opened.transport}/receive`, '')
      const messages = separator === '' ? [text] : text.split(separator)
      for (const message of messages) if (message !== '') client.take(JSON.parse(message))
    }
  }
  void poll()
  await client.join()
  return client
}

/** A session: `hear` gets the time that an event or a result was sent at. */
function clientOf(send, hear, connection) {
  let lastId = 0
  let answered
  const ask = message =>
    new Promise(resolve => {
      answered = resolve
      send(message)
    })
  return {
    ...connection,
    take(message) {
      if (message[0] === 36) hear(message[4][1])
      else if (message[0] === 50) hear(message[3][0])
      else if (message[0] === 2 || message[0] === 33) answered()
      else fail(`unexpected: ${JSON.stringify(message)}`)
    },
    join: () => ask([1, 'realm1', { roles: { caller: {}, subscriber: {} } }]),
    subscribe: topic => ask([32, ++lastId, {}, topic]),
    call: (procedure, time) => send([48, ++lastId, {}, procedure, ['x'.repeat(40), time]]),
  }
}

/** Milliseconds, the same in all processes. */
function now() {
  return performance.timeOrigin + performance.now()
}

function cpu(router) {
  router.send('cpu')
  return answer(router)
}

function answer(router) {
  return new Promise(resolve => router.once('message', resolve))
}

function fail(why) {
  console.error(why)
  process.exit(1)
}
