import { randomBytes } from 'node:crypto'
import { createConnection, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { remember, within } from './raw-client.ts'

export const TEXT = 1
export const CLOSE = 8
export const PING = 9
export const PONG = 10

export interface Frame {
  /** FIN, RSV and opcode as they came. */
  first: number
  opcode: number
  payload: Buffer
}

/** A masked frame of a client (RFC 6455, 5.2), with whatever is to be wrong about it. */
export function frame(
  opcode: number,
  payload: string | Uint8Array = '',
  { fin = true, rsv = 0, masked = true, length = -1 } = {},
): Buffer {
  const data = Buffer.from(payload as string)
  const announced = length < 0 ? data.length : length
  const mask = masked ? 0x80 : 0
  const header =
    announced < 126
      ? Buffer.from([0, mask | announced])
      : announced < 65536
        ? Buffer.from([0, mask | 126, announced >> 8, announced & 255])
        : Buffer.alloc(10)
  if (announced >= 65536) {
    header[1] = mask | 127
    header.writeBigUInt64BE(BigInt(announced), 2)
  }
  header[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  if (!masked) return Buffer.concat([header, data])
  const key = randomBytes(4)
  for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) ^ (key[i % 4] as number)
  return Buffer.concat([header, key, data])
}

/** The headers of a sound handshake. */
export function handshake(changes: Record<string, string | null> = {}, path = '/ws'): string {
  const headers: Record<string, string | null> = {
    Host: '127.0.0.1',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Protocol': 'wamp.2.json',
    ...changes,
  }
  const lines = Object.entries(headers).filter(([, value]) => value !== null)
  return `GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

export interface Answer {
  status: number
  head: string
  body: string
}

/** A TCP connection that says exactly what it is told to. */
export class RawSocket {
  readonly socket: Socket
  /** The connection is gone, one way or another. */
  readonly gone: Promise<void>
  #bytes: Buffer = Buffer.alloc(0)
  #ended = false
  #wake: () => void = () => {}

  /** A port of this machine, or a connection that somebody else has opened. */
  constructor(to: number | Socket) {
    this.socket =
      typeof to === 'number' ? createConnection({ port: to, host: '127.0.0.1', noDelay: true }) : to
    this.socket.on('error', () => {})
    remember(this.socket)
    this.socket.on('data', bytes => {
      this.#bytes = Buffer.concat([this.#bytes, bytes])
      this.#wake()
    })
    this.gone = new Promise(resolve => {
      this.socket.on('close', () => {
        this.#ended = true
        this.#wake()
        resolve()
      })
    })
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(bytes)
  }

  close(): Promise<void> {
    this.socket.destroy()
    return this.gone
  }

  /** RST, where the connection has that: TLS and unix sockets just end. */
  reset(): void {
    const isTcp = !(this.socket instanceof TLSSocket) && this.socket.remotePort !== undefined
    if (isTcp) this.socket.resetAndDestroy()
    else this.socket.destroy()
  }

  /** Reads as soon as `read` finds what it looks for; null when the connection ends before. */
  protected async until<T>(
    what: string,
    read: (bytes: Buffer) => { value: T; used: number } | null,
  ) {
    for (;;) {
      const found = read(this.#bytes)
      if (found !== null) {
        this.#bytes = this.#bytes.subarray(found.used)
        return found.value
      }
      if (this.#ended) return null
      const more = new Promise<void>(resolve => {
        this.#wake = resolve
      })
      await within(5000, what, more)
    }
  }

  /** So many bytes; null where the connection ended before. */
  bytes(count: number): Promise<Buffer | null> {
    return this.until('bytes', bytes =>
      bytes.length < count ? null : { value: bytes.subarray(0, count), used: count },
    )
  }

  /** An HTTP answer; null where the connection ended without one. */
  answer(): Promise<Answer | null> {
    return this.until('HTTP answer', bytes => {
      const text = bytes.toString('latin1')
      const end = text.indexOf('\r\n\r\n')
      if (end < 0) return null
      const head = text.slice(0, end)
      const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0)
      if (bytes.length < end + 4 + length) return null
      const body = bytes.subarray(end + 4, end + 4 + length).toString()
      return { value: { status: Number(head.slice(9, 12)), head, body }, used: end + 4 + length }
    })
  }

  /** A frame of the server; null where the connection ended. */
  frame(): Promise<Frame | null> {
    return this.until('frame', bytes => {
      if (bytes.length < 2) return null
      const short = (bytes[1] as number) & 127
      const from = short < 126 ? 2 : short === 126 ? 4 : 10
      if (bytes.length < from) return null
      const length =
        short < 126
          ? short
          : short === 126
            ? bytes.readUInt16BE(2)
            : Number(bytes.readBigUInt64BE(2))
      if (bytes.length < from + length) return null
      const first = bytes[0] as number
      const payload = Buffer.from(bytes.subarray(from, from + length))
      return { value: { first, opcode: first & 15, payload }, used: from + length }
    })
  }

  /** The next message in JSON, whatever control frames come before. */
  async message(): Promise<unknown[] | null> {
    for (;;) {
      const next = await this.frame()
      if (next === null) return null
      if (next.opcode === TEXT) return JSON.parse(next.payload.toString()) as unknown[]
    }
  }

  /** A frame that carries a message. */
  frameOf(payload: string): Buffer {
    return frame(TEXT, payload)
  }

  send(message: unknown): void {
    this.write(this.frameOf(JSON.stringify(message)))
  }

  async ask(message: unknown): Promise<unknown[] | null> {
    this.send(message)
    return this.message()
  }
}

/** Sends the text of an HTTP request; gives the answer. */
export async function http(port: number, request: string | Uint8Array): Promise<Answer | null> {
  const socket = new RawSocket(port)
  socket.write(request)
  const answer = await socket.answer()
  await socket.close()
  return answer
}

/** A connection with its handshake done. */
export async function upgraded(
  port: number,
  changes: Record<string, string | null> = {},
): Promise<RawSocket> {
  const socket = new RawSocket(port)
  socket.write(handshake(changes))
  const answer = await socket.answer()
  if (answer?.status !== 101) throw new Error(`no upgrade: ${answer?.head}`)
  return socket
}
