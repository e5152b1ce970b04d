/**
 * Bytes on the wire: what a subscriber gets for an event, and what a caller sends and gets for a call,
 * by serializer and transport. TCP and IP headers, 40 bytes a packet and more, are not in it.
 *
 *   npm run build && node scripts/bench/wire.mjs
 *
 * The payload is one text of so many bytes, or nothing at all. A call goes to `com.example.echo`, which
 * gives back what it gets. In a burst ten events are published at once.
 */
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { Encoder } from 'cbor-x'
import { Packr } from 'msgpackr'
import WebSocket from 'ws'

const { createRouter } = await import('../../dist/index.js')
const SIZES = [0, 16, 100, 1000]
const COUNT = 50
const BURST = 10

const packr = new Packr({ useRecords: false, variableMapSize: true })
const cbor = new Encoder({ useRecords: false, variableMapSize: true, tagUint8Array: false })
/** How each serializer writes a message, and its number in RawSocket. */
const SERIALIZERS = {
  json: { encode: message => Buffer.from(JSON.stringify(message)), number: 1 },
  msgpack: { encode: message => packr.pack(message), number: 2 },
  cbor: { encode: message => cbor.encode(message), number: 3 },
}
const HELLO = [1, 'realm1', { roles: { subscriber: {}, caller: {} } }]

const router = createRouter({ development: true })
const paths = { '/ws': { websocket: {} }, '/lp': { longpoll: {} } }
const { port } = await router.listen({ port: 0, transport: 'ws', rawsocket: true, paths })
const session = router.session('realm1')
await session.register('com.example.echo', args => args?.[0])

/** Measures one way: `bytes` of a client are what it has sent and got. */
async function row(title, client, burst = 1) {
  await client.send(HELLO)
  await client.has(1)
  await client.send([32, 1, {}, 'com.example.topic'])
  await client.has(2)
  const [events, calls] = [[], []]
  for (const size of SIZES) {
    const args = size === 0 ? undefined : ['x'.repeat(size)]
    let before = client.bytes()
    for (let i = 0; i < COUNT; i += burst) {
      const published = Array.from({ length: burst }, () =>
        session.publish('com.example.topic', args),
      )
      await Promise.all(published)
      await client.has(client.messages + burst)
    }
    events.push(Math.round((client.bytes() - before) / COUNT))
    before = client.bytes()
    for (let i = 0; i < COUNT; i++) {
      const id = 2 + calls.length * COUNT + i
      await client.send([48, id, {}, 'com.example.echo', ...(args === undefined ? [] : [args])])
      await client.has(client.messages + 1)
    }
    calls.push(Math.round((client.bytes() - before) / COUNT))
  }
  console.log(`| ${title} | ${events.join(' | ')} | ${calls.join(' | ')} |`)
  client.end()
}

/** Counts messages, and tells who waits for them. */
class Counter {
  messages = 0
  #awaited = 0
  #wake = () => {}

  count(more) {
    this.messages += more
    if (this.messages >= this.#awaited) this.#wake()
  }

  has(messages) {
    this.#awaited = messages
    if (this.messages >= messages) return Promise.resolve()
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }
}

async function webSocket(name, batched = '') {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, `wamp.2.${name}${batched}`, {
    perMessageDeflate: false,
  })
  await new Promise(resolve => socket.once('open', resolve))
  const tcp = socket._socket
  const start = tcp.bytesRead + tcp.bytesWritten
  const counter = new Counter()
  const isText = name === 'json'
  socket.on('message', data => counter.count(batched === '' ? 1 : messagesOf(data, isText)))
  const { encode } = SERIALIZERS[name]
  return Object.assign(counter, {
    send: async message => {
      const bytes = encode(message)
      socket.send(batched === '' ? bytes : batchOf(bytes, isText), { binary: !isText })
    },
    bytes: () => tcp.bytesRead + tcp.bytesWritten - start,
    end: () => socket.terminate(),
  })
}

/** JSON messages end with 1E; others have their length before them (WAMP, "Batched Transport"). */
function batchOf(bytes, isText) {
  if (isText) return Buffer.concat([bytes, Buffer.from([0x1e])])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

function messagesOf(data, isText) {
  if (isText) return data.filter(byte => byte === 0x1e).length
  let messages = 0
  for (let at = 0; at < data.length; at += 4 + data.readUInt32BE(at)) messages++
  return messages
}

async function rawSocket(name) {
  const { encode, number } = SERIALIZERS[name]
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.write(Buffer.from([0x7f, 0xf0 | number, 0, 0]))
  await new Promise(resolve => socket.once('data', resolve))
  const counter = new Counter()
  let input = Buffer.alloc(0)
  socket.on('data', bytes => {
    input = Buffer.concat([input, bytes])
    while (input.length >= 4 && input.length >= 4 + input.readUIntBE(1, 3)) {
      input = input.subarray(4 + input.readUIntBE(1, 3))
      counter.count(1)
    }
  })
  const start = socket.bytesRead + socket.bytesWritten
  return Object.assign(counter, {
    send: async message => {
      const bytes = encode(message)
      const head = Buffer.alloc(4)
      head.writeUIntBE(bytes.length, 1, 3)
      socket.write(Buffer.concat([head, bytes]))
    },
    bytes: () => socket.bytesRead + socket.bytesWritten - start,
    end: () => socket.destroy(),
  })
}

/** Polls all the time, over connections that stay open. */
async function longPoll(batched) {
  const agent = new Agent({ keepAlive: true })
  const sockets = new Map()
  const post = (path, body = '') =>
    new Promise((resolve, reject) => {
      const sent = request({ agent, port, path, method: 'POST' }, response => {
        const chunks = []
        response.on('data', chunk => chunks.push(chunk))
        response.on('end', () => resolve(Buffer.concat(chunks)))
      })
      sent.on('socket', socket => sockets.set(socket, socket))
      sent.on('error', reject)
      sent.end(body)
    })
  const { transport } = JSON.parse(
    await post('/lp/open', JSON.stringify({ protocols: [`wamp.2.json${batched}`] })),
  )
  const counter = new Counter()
  let isOver = false
  const poll = async () => {
    while (!isOver) {
      const body = await post(`/lp/${transport}/receive`)
      if (body.length > 0) counter.count(batched === '' ? 1 : messagesOf(body, true))
    }
  }
  void poll().catch(() => {})
  const { encode } = SERIALIZERS.json
  return Object.assign(counter, {
    send: message => {
      const bytes = encode(message)
      return post(`/lp/${transport}/send`, batched === '' ? bytes : batchOf(bytes, true))
    },
    bytes: () =>
      [...sockets.keys()].reduce((sum, one) => sum + one.bytesRead + one.bytesWritten, 0),
    end() {
      isOver = true
      agent.destroy()
    },
  })
}

console.log('| | an event: 0 bytes | 16 | 100 | 1,000 | a call: 0 bytes | 16 | 100 | 1,000 |')
console.log('|---|---|---|---|---|---|---|---|---|')
for (const name of Object.keys(SERIALIZERS)) {
  await row(`WebSocket, ${name}`, await webSocket(name))
}
for (const name of Object.keys(SERIALIZERS)) {
  await row(`RawSocket, ${name}`, await rawSocket(name))
}
await row('WebSocket, json.batched, in bursts', await webSocket('json', '.batched'), BURST)
await row('WebSocket, msgpack.batched, in bursts', await webSocket('msgpack', '.batched'), BURST)
await row('long-poll, json', await longPoll(''))
await row('long-poll, json.batched, in bursts', await longPoll('.batched'), BURST)
process.exit()
