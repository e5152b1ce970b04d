/**
 * What compression costs and saves: memory for each connection, and for each event to many receivers
 * bytes and router CPU time. JSON of 200 bytes, 2 KB and 16 KB: records that differ, as of a feed.
 *
 *   npm run build && node scripts/bench/compression.mjs [--sessions 2000] [--receivers 100]
 *     [--compressions off,shared,4KB,…] [--transports uws,ws] [--dist dist]
 *
 * All messages are compressed, however short, so that the figures say where the threshold belongs.
 * Memory is resident memory by which a router grew, once each connection has got a compressed message.
 */
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { start, stop } from './processes.mjs'
import { machine } from './table.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sessions: { type: 'string', default: '2000' },
    receivers: { type: 'string', default: '100' },
    compressions: { type: 'string', default: 'off,shared,4KB,8KB,16KB,32KB' },
    transports: { type: 'string', default: 'uws,ws' },
    dist: { type: 'string', default: 'dist' },
  },
})
const SIZES = [200, 2000, 16_000]
/** Bytes of payload that each receiver gets in a measurement. */
const VOLUME = 2_000_000
const TOPIC = 'com.example.topic'

/** The router: publishes as it is told to, and says what it takes. */
async function serve([transport, compression]) {
  const { createRouter } = await import(pathToFileURL(join(resolve(values.dist), 'index.js')).href)
  const router = createRouter({ development: true })
  const { port } = await router.listen({
    port: 0,
    transport,
    compression,
    compressionThreshold: 1,
    sendBuffer: 256 << 20,
    pingInterval: 3_600_000,
  })
  const session = router.session('realm1')
  process.on('message', async ({ size, count }) => {
    for (let i = 0; i < count; i++) {
      await session.publish(TOPIC, [records(size, i)])
      await new Promise(setImmediate)
    }
    if (count === undefined) global.gc()
    const { user, system } = process.cpuUsage()
    process.send({ cpu: user + system, rss: process.memoryUsage.rss() })
  })
  process.send({ port })
}

/** A list of records whose JSON has about so many bytes. */
function records(size, seed) {
  const list = []
  for (let i = 0; JSON.stringify(list).length < size - 60; i++) {
    const number = (seed * 7919 + i * 104_729) % 100_003
    const name = `sensor-${number % 500}`
    list.push({ name, value: number / 97, unit: 'mV', isValid: number % 9 > 0 })
  }
  return list
}

async function compare() {
  console.log(`${machine(['wampd'], 'compression.mjs')}\n`)
  const heads = SIZES.map(size => `${size} B: bytes, µs an event`)
  console.log(`| | bytes a connection | ${heads.join(' | ')} |`)
  console.log(`|---|---|${SIZES.map(() => '---').join('|')}|`)
  for (const transport of values.transports.split(',')) {
    for (const compression of values.compressions.split(',')) {
      const hasIt = transport === 'ws' || !/KB/.test(compression)
      if (hasIt) await measure(transport, compression)
    }
  }
  process.exit()
}

async function measure(transport, compression) {
  const serve = [import.meta.filename, 'serve', transport, compression, '--dist', values.dist]
  const child = start(0, [process.execPath, '--expose-gc', ...serve], { ipc: true })
  const ask = (message = {}) => {
    child.send(message)
    return new Promise(resolve => child.once('message', resolve))
  }
  try {
    const { port } = await new Promise(resolve => child.once('message', resolve))
    // What is set up with the first ones is not that of those that follow.
    const first = await open(port, Number(values.sessions), ask)
    await sleep(500)
    const before = await ask()
    const sessions = await open(port, Number(values.sessions), ask)
    await sleep(500)
    const after = await ask()
    const each = Math.round((after.rss - before.rss) / sessions.length)
    drop([...first, ...sessions])
    const receivers = await open(port, Number(values.receivers), ask)
    const cells = []
    for (const size of SIZES) {
      await publish(ask, receivers, size, 20)
      cells.push(await publish(ask, receivers, size, Math.ceil(VOLUME / size / 10)))
    }
    drop(receivers)
    console.log(`| ${transport} ${compression} | ${each} | ${cells.join(' | ')} |`)
  } finally {
    await stop(child)
  }
}

/** Publishes, waits until all have all, and says what an event was. */
async function publish(ask, receivers, size, count) {
  const before = await ask({ count: 0 })
  for (const receiver of receivers) receiver.bytes = receiver.frames = 0
  const asked = ask({ size, count })
  await Promise.all(receivers.map(receiver => receiver.has(count)))
  await asked
  const after = await ask({ count: 0 })
  const events = count * receivers.length
  const bytes = receivers.reduce((sum, receiver) => sum + receiver.bytes, 0)
  return `${Math.round(bytes / events)}, ${((after.cpu - before.cpu) / events).toFixed(1)}`
}

/** Receivers that have had a message. */
async function open(port, count, ask) {
  const all = Array.from({ length: count }, () => new Receiver(port))
  for (const one of all) await one.join()
  // One after the other: what waits is no memory of theirs. So many fill a window of 32 KB.
  for (let i = 0; i < 20; i++) await publish(ask, all, SIZES[1], 1)
  return all
}

function drop(receivers) {
  for (const { socket } of receivers) socket.destroy()
}

/** A subscriber that counts frames and does not look into them. */
class Receiver {
  frames = 0
  bytes = 0
  #wanted = 0
  #wake = () => {}
  /** Bytes of the present frame that are still to come, or its head as far as it is there. */
  #left = 0
  #head = []

  constructor(port) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true })
  }

  async join() {
    this.socket.write(UPGRADE)
    const head = await new Promise(resolve => this.socket.once('data', resolve))
    if (!head.latin1Slice().startsWith('HTTP/1.1 101')) throw new Error(head.latin1Slice())
    this.socket.on('data', bytes => this.#read(bytes))
    this.socket.write(frame('[1,"realm1",{"roles":{"subscriber":{}}}]'))
    await this.has(1)
    this.socket.write(frame(`[32,1,{},"${TOPIC}"]`))
    await this.has(2)
  }

  /** Resolves when so many frames are there. */
  has(frames) {
    if (this.frames >= frames) return Promise.resolve()
    this.#wanted = frames
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }

  #read(bytes) {
    this.bytes += bytes.length
    for (let at = 0; at < bytes.length; ) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, bytes.length - at)
        this.#left -= taken
        at += taken
      } else {
        this.#head.push(bytes[at++])
        const length = lengthOf(this.#head)
        if (length === undefined) continue
        this.#left = length
        this.#head = []
        this.frames++
      }
    }
    if (this.#left === 0 && this.frames >= this.#wanted) this.#wake()
  }
}

/** The length in a frame's head; undefined where that is not all there. */
function lengthOf(head) {
  const short = head[1]
  if (short === undefined || short < 126) return short
  const size = short === 126 ? 4 : 10
  if (head.length < size) return undefined
  return head.slice(2).reduce((sum, byte) => sum * 256 + byte, 0)
}

/** A text frame of up to 125 bytes, with a mask that masks nothing. */
function frame(text) {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)])
}

const UPGRADE = [
  'GET /ws HTTP/1.1',
  'Host: 127.0.0.1',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Protocol: wamp.2.json',
  'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
  '\r\n',
].join('\r\n')

await (positionals[0] === 'serve' ? serve(positionals.slice(1)) : compare())
