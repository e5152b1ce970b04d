// Clients that say exactly what they are told to, sound or not.
import { randomBytes } from 'node:crypto'
import { createConnection } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import WebSocket from 'ws'

/** The bytes of a handshake. */
export function handshake(protocol = 'wamp.2.json') {
  const key = randomBytes(16).toString('base64')
  return (
    'GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n` +
    `Sec-WebSocket-Protocol: ${protocol}\r\n\r\n`
  )
}

/** A text frame of a client, masked by zeros. */
export function frame(text) {
  const data = Buffer.from(text)
  const head = Buffer.alloc(data.length < 126 ? 6 : data.length < 65_536 ? 8 : 14)
  head[0] = 0x81
  if (data.length < 126) head[1] = 0x80 | data.length
  else if (data.length < 65_536) {
    head[1] = 0x80 | 126
    head.writeUInt16BE(data.length, 2)
  } else {
    head[1] = 0x80 | 127
    head.writeBigUInt64BE(BigInt(data.length), 2)
  }
  return Buffer.concat([head, data])
}

export const HELLO =
  '[1,"realm1",{"roles":{"caller":{},"callee":{},"publisher":{},"subscriber":{}}}]'

/** A TCP connection whose errors are expected. */
export function raw(port) {
  const socket = createConnection({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => {})
  socket.gone = new Promise(done => socket.on('close', done))
  return socket
}

/** A session in JSON. `ask` gives the answer to a request. */
export async function join(port, protocol = 'wamp.2.json', timeout = 10_000) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, protocol, {
    perMessageDeflate: false,
    handshakeTimeout: timeout,
  })
  const isJson = protocol === 'wamp.2.json'
  const waiting = new Map()
  const session = {
    socket,
    last: 0,
    heard: () => {},
    closed: new Promise(done => socket.on('close', code => done(code))),
    send: message => socket.send(JSON.stringify(message)),
    async ask(type, ...rest) {
      const request = ++session.last
      session.send([type, request, ...rest])
      return new Promise((done, fails) => {
        waiting.set(request, done)
        void session.closed.then(code => fails(new Error(`closed with ${code}`)))
      })
    },
    end: () => socket.terminate(),
  }
  socket.on('open', () => socket.send(isJson ? HELLO : MSGPACK_HELLO))
  await new Promise((joined, fails) => {
    socket.on('error', fails)
    socket.on('close', code => fails(new Error(`closed with ${code}`)))
    socket.on('message', data => {
      if (isJson) take(JSON.parse(String(data)), joined)
      else joined()
    })
  })
  return session

  function take(message, joined) {
    const [type, first, second] = message
    if (type === 2) joined()
    else if (type === 68) session.send([70, first, {}, message[4] ?? []])
    else {
      const request = type === 8 ? second : first
      const done = type === 36 ? undefined : waiting.get(request)
      if (done === undefined) session.heard(message)
      else {
        waiting.delete(request)
        done(message)
      }
    }
  }
}

/** [1, "realm1", {roles: {subscriber: {}}}] */
const MSGPACK_HELLO = Buffer.from(
  '9301a67265616c6d3181a5726f6c657381aa7375627363726962657280',
  'hex',
)

/** Waits until it is true; false where it never is. */
export async function until(isTrue, time = 10_000) {
  const end = Date.now() + time
  while (Date.now() < end) {
    if (await isTrue()) return true
    await sleep(50)
  }
  return false
}
