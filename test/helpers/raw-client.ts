import { Encoder } from 'cbor-x'
import { stringify } from 'lossless-json'
import { Packr, Unpackr } from 'msgpackr'
import { type ClientOptions, type RawData, WebSocket } from 'ws'

/** What a subprotocol does to messages, by libraries called directly. */
interface Codec {
  encode(message: unknown): string | Uint8Array
  decode(frame: Buffer): unknown
}

const packr = new Packr({ useRecords: false, variableMapSize: true })
const unpackr = new Unpackr({ useRecords: false, int64AsType: 'number' })
const cbor = new Encoder({ useRecords: false, variableMapSize: true, tagUint8Array: false })

/** The subprotocols of the router and their codecs. */
export const CODECS: Record<string, Codec> = {
  'wamp.2.json': {
    encode: message => stringify(message) ?? '',
    decode: frame => JSON.parse(frame.toString()),
  },
  'wamp.2.msgpack': {
    encode: message => packr.pack(message),
    decode: frame => unpackr.unpack(frame),
  },
  'wamp.2.cbor': {
    encode: message => cbor.encode(message),
    decode: frame => narrow(cbor.decode(frame)),
  },
}
export const PROTOCOLS = Object.keys(CODECS)

/** cbor-x reads ids beyond 2^32 as bigints. */
function narrow(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(narrow)
  return value
}

export type Wamp = [type: number, ...rest: unknown[]]
export interface Farewell {
  code: number
  reason: string
}

const ROLES = { publisher: {}, subscriber: {}, caller: {}, callee: {} }
/** A HELLO with all roles. */
export const hello = (realm = 'realm1', details: object = {}): Wamp => [
  1,
  realm,
  { roles: ROLES, ...details },
]

const open = new Set<{ destroy(): void }>()

/** Has a socket cut off by hangUp(). */
export function remember(socket: { destroy(): void }): void {
  open.add(socket)
}

/** Cuts off all connections, also those of a test that failed before it closed them. */
export function hangUp(): void {
  for (const socket of open) socket.destroy()
  open.clear()
}

/** A WAMP client that knows nothing of sessions: messages go out and come in as lists. */
export abstract class WampClient {
  readonly protocol: string
  /** The bytes of the last message that came. */
  lastSize = 0
  /** The bytes of all of them. */
  size = 0
  readonly #codec: Codec
  readonly #inbox: Wamp[] = []
  readonly #waiting: ((message: Wamp | null) => void)[] = []
  #isGone = false

  constructor(protocol: string) {
    this.protocol = protocol
    this.#codec = CODECS[protocol] as Codec
  }

  /** Sends the bytes of a message. */
  abstract sendRaw(data: string | Uint8Array): void
  abstract close(): Promise<void>

  /** The connection brought a message. */
  protected came(frame: Buffer): void {
    this.lastSize = frame.length
    this.size += frame.length
    const message = this.#codec.decode(frame) as Wamp
    const wake = this.#waiting.shift()
    if (wake === undefined) this.#inbox.push(message)
    else wake(message)
  }

  /** The connection is gone. */
  protected ended(): void {
    this.#isGone = true
    for (const wake of this.#waiting.splice(0)) wake(null)
  }

  encode(message: unknown): string | Uint8Array {
    return this.#codec.encode(message)
  }

  send(message: unknown): void {
    this.sendRaw(this.encode(message))
  }

  /** The next message, or null when the connection is gone and all are read. */
  async nextOrEnd(): Promise<Wamp | null> {
    const message = this.#inbox.shift()
    if (message !== undefined) return message
    if (this.#isGone) return null
    return within(5000, 'a message', new Promise(resolve => this.#waiting.push(resolve)))
  }

  async next(): Promise<Wamp> {
    const message = await this.nextOrEnd()
    if (message === null) throw new Error('the connection is gone')
    return message
  }

  async take(count: number): Promise<Wamp[]> {
    const messages: Wamp[] = []
    while (messages.length < count) messages.push(await this.next())
    return messages
  }

  /** All messages up to the end of the connection. */
  async rest(): Promise<Wamp[]> {
    const messages: Wamp[] = []
    for (;;) {
      const message = await this.nextOrEnd()
      if (message === null) return messages
      messages.push(message)
    }
  }

  /** Sends a message; gives what comes next. */
  async ask(message: unknown): Promise<Wamp> {
    this.send(message)
    return this.next()
  }

  /** Opens a session; gives WELCOME. */
  async join(realm = 'realm1', details: object = {}): Promise<Wamp> {
    const welcome = await this.ask(hello(realm, details))
    if (welcome[0] !== 2) throw new Error(`no WELCOME but ${stringify(welcome)}`)
    return welcome
  }
}

/** The same, over WebSocket. */
export class RawClient extends WampClient {
  readonly socket: WebSocket
  readonly closed: Promise<Farewell>

  constructor(socket: WebSocket) {
    super(socket.protocol)
    this.socket = socket
    socket.on('message', (frame: RawData) => this.came(frame as Buffer))
    socket.on('error', () => {})
    remember({ destroy: () => socket.terminate() })
    this.closed = new Promise(resolve => {
      socket.on('close', (code, reason) => {
        this.ended()
        resolve({ code, reason: reason.toString() })
      })
    })
  }

  /** Strings go as text frames, bytes as binary ones. */
  sendRaw(data: string | Uint8Array): void {
    this.socket.send(data)
  }

  async close(): Promise<void> {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.close(1000)
    await this.closed
  }
}

/** Connects; rejects, naming the HTTP status, where the upgrade is refused. */
export function connect(
  url: string,
  protocol: string | string[] = 'wamp.2.json',
  options: ClientOptions = {},
): Promise<RawClient> {
  const socket = new WebSocket(url, protocol, { perMessageDeflate: false, ...options })
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('open', () => resolve(new RawClient(socket)))
  })
}

/** A client with a session. */
export async function member(url: string, protocol?: string, realm?: string): Promise<RawClient> {
  const client = await connect(url, protocol)
  await client.join(realm)
  return client
}

/** Fails where a promise does not settle in time. */
export async function within<T>(delay: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} within ${delay} ms`)), delay)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

export const pause = (delay: number): Promise<void> =>
  new Promise(resolve => setTimeout(resolve, delay))

/** Asks again and again until the answer is true. */
export async function eventually(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await isTrue()) return
    await pause(10)
  }
  throw new Error(`never happened: ${what}`)
}

/** What the meta API says of how a session came, to a client that has asked for nothing before. */
export async function transportOf(client: WampClient, session: unknown): Promise<object> {
  const [, , , args] = await client.ask([48, 1, {}, 'wamp.session.get', [session]])
  return (args as [{ transport: object }])[0].transport
}
