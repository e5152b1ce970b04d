/** WAMP sessions on bare sockets, in JSON: so cheap that one process can hold or make very many. */
import { connect } from 'node:net'

const [TEXT, CLOSE, PING, PONG] = [1, 8, 9, 10]

const NOTHING = Buffer.alloc(0)

/** Source addresses, as one has too few ports. */
const ADDRESSES = 64
let opened = 0

export class RawSession {
  /** What is waited for: the beginning of a message, and who waits. */
  #awaited
  #input = NOTHING
  #isUpgraded = false

  /** Connects, by default from one of the source addresses in turn; null leaves that to the system. */
  constructor(port, localAddress = `127.0.1.${1 + (opened++ % ADDRESSES)}`) {
    this.socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true })
    this.socket.on('data', bytes => this.#read(bytes))
    this.connected = new Promise(resolve => this.socket.on('connect', resolve))
    this.closed = new Promise(resolve => this.socket.on('close', resolve))
    this.error = undefined
    this.socket.on('error', error => {
      this.error = error
      this.#awaited?.reject(error)
    })
    void this.closed.then(() => this.#awaited?.reject(new Error('the connection is closed')))
  }

  /** Asks for the upgrade; resolves when it is granted. */
  upgrade() {
    this.socket.write(UPGRADE)
    return this.expect('')
  }

  send(text) {
    this.socket.write(frame(TEXT, Buffer.from(text)))
  }

  /** Sends a message, and waits for one that begins so. */
  ask(text, answer) {
    this.send(text)
    return this.expect(answer)
  }

  expect(beginning) {
    return new Promise((resolve, reject) => {
      this.#awaited = { beginning, resolve, reject }
    })
  }

  /** Joins realm1. */
  async join() {
    await this.upgrade()
    await this.ask(HELLO, '[2,')
  }

  /** Asks for the end; the router answers, and the socket closes. */
  close() {
    this.socket.write(frame(CLOSE, Buffer.from([3, 232])))
  }

  /** Says nothing more: the socket is gone at once. */
  drop() {
    this.socket.resetAndDestroy()
    return this.closed
  }

  #read(bytes) {
    this.#input = this.#input.length === 0 ? bytes : Buffer.concat([this.#input, bytes])
    if (!this.#isUpgraded) {
      const end = this.#input.indexOf('\r\n\r\n')
      if (end < 0) return
      const head = this.#input.latin1Slice(0, end)
      this.#keep(end + 4)
      this.#isUpgraded = true
      if (head.startsWith('HTTP/1.1 101')) this.#hear('')
      else this.#awaited?.reject(new Error(head))
    }
    while (this.#input.length >= 2) {
      const [first, length] = this.#input
      const [from, size] = length < 126 ? [2, length] : [4, this.#input.readUInt16BE(2)]
      if (this.#input.length < from + size) return
      const payload = this.#input.subarray(from, from + size)
      this.#keep(from + size)
      const opcode = first & 15
      if (opcode === TEXT) this.#hear(payload.latin1Slice())
      else if (opcode === PING) this.socket.write(frame(PONG, payload))
      else if (opcode === CLOSE) this.socket.end()
    }
  }

  /** What is left of the input; nothing of the chunk stays where nothing is. */
  #keep(from) {
    this.#input = from < this.#input.length ? this.#input.subarray(from) : NOTHING
  }

  #hear(text) {
    const { beginning, resolve } = this.#awaited ?? {}
    if (beginning === undefined || !text.startsWith(beginning)) return
    this.#awaited = undefined
    resolve(text)
  }
}

const UPGRADE = [
  'GET /ws HTTP/1.1',
  'Host: 127.0.0.1',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Protocol: wamp.2.json',
  '\r\n',
].join('\r\n')
const HELLO =
  '[1,"realm1",{"roles":{"caller":{},"callee":{"features":{"call_canceling":true}},"publisher":{},"subscriber":{}}}]'

/** A frame of up to 125 or 65,535 bytes. Its mask is zero, which masks nothing. */
function frame(opcode, payload) {
  const { length } = payload
  const head = length < 126 ? [128 | length] : [254, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([128 | opcode, ...head, 0, 0, 0, 0]), payload])
}
