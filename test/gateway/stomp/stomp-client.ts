import { isUtf8 } from 'node:buffer'
import { createConnection } from 'node:net'
import { type ClientOptions, WebSocket } from 'ws'
import { type Farewell, remember, within } from '../../helpers/raw-client.ts'

/** A frame of the server. */
export interface Received {
  readonly command: string
  readonly headers: Record<string, string>
  readonly body: string
  /** It came in a binary message. */
  readonly binary: boolean
}

type Headers = Readonly<Record<string, string>>

const UNESCAPED: Record<string, string> = { '\\r': '\r', '\\n': '\n', '\\c': ':', '\\\\': '\\' }

/** What carries the bytes of a client. */
interface Wire {
  send(data: string | Uint8Array): void
  close(): void
  /** Cuts it off. */
  destroy(): void
  /** Reads nothing until it reads again. */
  pause(): void
  resume(): void
}

/** A STOMP client that says exactly what it is told to. */
export class StompClient {
  readonly closed: Promise<Farewell>
  /** Line ends that came between frames. */
  beats = 0
  readonly wire: Wire
  #bytes: Buffer = Buffer.alloc(0)
  readonly #inbox: Received[] = []
  #waiting: ((frame: Received | null) => void)[] = []
  #isGone = false

  constructor(wire: Wire, closed: Promise<Farewell>) {
    this.wire = wire
    remember(wire)
    this.closed = closed.then(farewell => {
      this.#isGone = true
      for (const wake of this.#waiting.splice(0)) wake(null)
      return farewell
    })
  }

  /** Bytes of the server. */
  take(bytes: Buffer, binary = false): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes])
    for (;;) {
      while (this.#bytes[0] === 10) {
        this.#bytes = this.#bytes.subarray(1)
        this.beats++
      }
      const end = this.#bytes.indexOf('\n\n')
      if (end < 0) return
      const [command = '', ...lines] = this.#bytes.toString('utf8', 0, end).split('\n')
      const headers = Object.fromEntries(
        lines.map(line => {
          const at = line.indexOf(':')
          const value = line.slice(at + 1).replace(/\\./g, found => UNESCAPED[found] ?? found)
          return [line.slice(0, at), value]
        }),
      )
      const length = Number(headers['content-length'] ?? 0)
      if (this.#bytes.length < end + 3 + length) return
      const body = this.#bytes.toString('utf8', end + 2, end + 2 + length)
      if (this.#bytes[end + 2 + length] !== 0) throw new Error(`no NUL behind ${command}`)
      this.#bytes = this.#bytes.subarray(end + 3 + length)
      const frame = { command, headers, body, binary }
      const wake = this.#waiting.shift()
      if (wake === undefined) this.#inbox.push(frame)
      else wake(frame)
    }
  }

  /** The body's length is said where it has a NUL. */
  send(command: string, headers: Headers = {}, body: string | Uint8Array = ''): void {
    this.wire.send(frameOf(command, headers, body))
  }

  /** The next frame, or null where the connection is gone. */
  async nextOrEnd(): Promise<Received | null> {
    const frame = this.#inbox.shift()
    if (frame !== undefined) return frame
    if (this.#isGone) return null
    return within(5000, 'a frame', new Promise(resolve => this.#waiting.push(resolve)))
  }

  async next(): Promise<Received> {
    const frame = await this.nextOrEnd()
    if (frame === null) throw new Error('the connection is gone')
    return frame
  }

  ask(command: string, headers: Headers = {}, body: string | Uint8Array = ''): Promise<Received> {
    this.send(command, headers, body)
    return this.next()
  }

  /** Opens a session; gives CONNECTED. */
  async connect(headers: Headers = {}): Promise<Received> {
    const frame = await this.ask('CONNECT', {
      'accept-version': '1.2',
      host: 'realm1',
      ...headers,
    })
    if (frame.command !== 'CONNECTED') throw new Error(JSON.stringify(frame))
    return frame
  }

  /** The message of the ERROR that comes next, and that the connection ends with it. */
  async refusal(): Promise<string> {
    const frame = await this.next()
    if (frame.command !== 'ERROR') throw new Error(`no ERROR but ${JSON.stringify(frame)}`)
    const more = await this.nextOrEnd()
    if (more !== null) throw new Error(`${more.command} behind ERROR`)
    return frame.headers.message ?? ''
  }

  async close(): Promise<void> {
    this.wire.close()
    await this.closed
  }
}

export function frameOf(
  command: string,
  headers: Headers = {},
  body: string | Uint8Array = '',
): Buffer {
  const bytes = Buffer.from(body as string)
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`)
  if (bytes.includes(0)) lines.push(`content-length:${bytes.length}\n`)
  return Buffer.concat([Buffer.from(`${command}\n${lines.join('')}\n`), bytes, Buffer.from([0])])
}

/** Connects over WebSocket; each frame is a message, in text where it can be. */
export function overWebSocket(
  url: string,
  protocols: string[] = ['v12.stomp'],
  options: ClientOptions = {},
): Promise<StompClient> {
  const socket = new WebSocket(url, protocols, { perMessageDeflate: false, ...options })
  const closed = new Promise<Farewell>(resolve =>
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
  )
  const wire = {
    send: (data: string | Uint8Array) =>
      socket.send(data, { binary: !isUtf8(Buffer.from(data as string)) }),
    close: () => socket.close(1000),
    destroy: () => socket.terminate(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  }
  const client = new StompClient(wire, closed)
  socket.on('message', (data: Buffer, binary) => client.take(data, binary))
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('open', () => {
      socket.on('error', () => {})
      resolve(client)
    })
  })
}

/** Connects over TCP. */
export function overTcp(port: number): StompClient {
  const socket = createConnection({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => {})
  const closed = new Promise<Farewell>(resolve =>
    socket.on('close', () => resolve({ code: 0, reason: '' })),
  )
  const wire = {
    send: (data: string | Uint8Array) => void socket.write(data),
    close: () => socket.end(),
    destroy: () => socket.destroy(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  }
  const client = new StompClient(wire, closed)
  socket.on('data', bytes => client.take(bytes))
  return client
}
