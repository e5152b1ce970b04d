import { tooLarge } from './message-size.ts'
import type { Connection, Door, Endpoint, Receiver, Site } from './transport.ts'
import { answerUpgrade } from './upgrade.ts'

/** One way of a connection in memory: what is put in comes out in a later turn, in order. */
class Way {
  /** Bytes that have not come out yet. */
  buffered = 0
  readonly #emptied: () => void
  #waiting: { readonly size: number; readonly arrive: () => void }[] = []
  #isPaused = false
  #isScheduled = false

  /** `emptied` is called whenever all has come out. */
  constructor(emptied: () => void) {
    this.#emptied = emptied
  }

  put(size: number, arrive: () => void): void {
    this.#waiting.push({ size, arrive })
    this.buffered += size
    this.#schedule()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#schedule()
  }

  clear(): void {
    this.#waiting = []
    this.buffered = 0
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isPaused || this.#waiting.length === 0) return
    this.#isScheduled = true
    setImmediate(() => this.#deliver())
  }

  #deliver(): void {
    this.#isScheduled = false
    // What is put in meanwhile waits for the next turn.
    for (let left = this.#waiting.length; left > 0 && !this.#isPaused; left--) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.buffered -= next.size
      next.arrive()
    }
    this.#schedule()
    if (this.#waiting.length === 0) this.#emptied()
  }
}

type Handler<Kind extends Event> = ((event: Kind) => void) | null

/** Tells how a connection has ended, as in browsers; Node 20 has no class for it. */
export class LocalCloseEvent extends Event {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean

  constructor(code: number, reason: string, wasClean: boolean) {
    super('close')
    this.code = code
    this.reason = reason
    this.wasClean = wasClean
  }
}

/** Tells why there is no connection; `close` follows. */
export class LocalErrorEvent extends Event {
  readonly message: string

  constructor(message: string) {
    super('error')
    this.message = message
  }
}

const CONNECTING = 0
const OPEN = 1
const CLOSING = 2
const CLOSED = 3

/** Close codes that nobody sends (RFC 6455, 7.4.1): there was none, and the connection was lost. */
const NO_CODE = 1005
const LOST = 1006

/**
 * A client's end of a connection in memory, as browsers know WebSockets. `pause()` and `resume()` stop
 * and start reading, as in the library `ws`: meanwhile messages wait in the router, up to its send buffer.
 */
class LocalWebSocket extends EventTarget {
  static readonly CONNECTING = CONNECTING
  static readonly OPEN = OPEN
  static readonly CLOSING = CLOSING
  static readonly CLOSED = CLOSED
  readonly CONNECTING = CONNECTING
  readonly OPEN = OPEN
  readonly CLOSING = CLOSING
  readonly CLOSED = CLOSED
  readonly url: string
  readonly extensions = ''
  /** The subprotocol that was chosen; empty before that. */
  protocol = ''
  readyState: 0 | 1 | 2 | 3 = CONNECTING
  binaryType: 'blob' | 'arraybuffer' = 'blob'
  onopen: Handler<Event> = null
  onmessage: Handler<MessageEvent> = null
  onerror: Handler<LocalErrorEvent> = null
  onclose: Handler<LocalCloseEvent> = null
  readonly #door: LocalDoor
  readonly #toRouter = new Way(() => {})
  readonly #toClient = new Way(() => this.#receiver?.drained())
  #receiver: Receiver | null = null
  #maxMessageSize = 0

  /** The URL says nothing: the connection leads to the router that the class is of. */
  constructor(door: LocalDoor, url: string | URL, protocols: string | readonly string[] = []) {
    super()
    this.#door = door
    this.url = String(url)
    this.addEventListener('open', event => this.onopen?.(event))
    this.addEventListener('message', event => this.onmessage?.(event as MessageEvent))
    this.addEventListener('error', event => this.onerror?.(event as LocalErrorEvent))
    this.addEventListener('close', event => this.onclose?.(event as LocalCloseEvent))
    setImmediate(() => this.#connect([protocols].flat().join()))
  }

  /** Bytes that are on their way to the router. */
  get bufferedAmount(): number {
    return this.#toRouter.buffered
  }

  /** Throws while the connection is not open yet; what comes after its end is dropped. */
  send(data: string | ArrayBufferLike | ArrayBufferView): void {
    if (this.readyState === CONNECTING) {
      throw new DOMException('the connection is not open yet', 'InvalidStateError')
    }
    const frame = bytesOf(data)
    if (this.readyState !== OPEN) return
    const isBinary = typeof data !== 'string'
    this.#toRouter.put(frame.length, () => this.#heard(frame, isBinary))
  }

  close(code: number = NO_CODE, reason = ''): void {
    if (code !== NO_CODE && code !== 1000 && !(code >= 3000 && code < 5000)) {
      throw new DOMException(`${code} is no code for applications`, 'InvalidAccessError')
    }
    if (this.readyState >= CLOSING) return
    this.readyState = CLOSING
    this.#toRouter.put(0, () => this.#end(code, reason, true))
  }

  #heard(frame: Uint8Array, isBinary: boolean): void {
    if (frame.length <= this.#maxMessageSize) this.#receiver?.bytes(frame, isBinary)
    else this.#receiver?.farewell(1009, tooLarge(this.#maxMessageSize))
  }

  pause(): void {
    this.#toClient.pause()
  }

  resume(): void {
    this.#toClient.resume()
  }

  /** Cuts the connection off. */
  terminate(): void {
    this.#end(LOST, '', false)
  }

  #connect(protocols: string): void {
    if (this.readyState !== CONNECTING) return
    const { site, open } = this.#door
    const answer = answerUpgrade(
      { path: site.paths[0] ?? '', protocols, origin: '', host: '', version: '13' },
      site,
    )
    if ('status' in answer) {
      this.dispatchEvent(new LocalErrorEvent(answer.text.trim()))
      this.#end(LOST, '', false)
      return
    }
    const { endpoint, protocol } = answer
    open.add(this)
    this.readyState = OPEN
    this.protocol = protocol
    this.#maxMessageSize = endpoint.maxMessageSize
    this.#receiver = endpoint.open(this.#connection(endpoint, protocol), protocol)
    this.dispatchEvent(new Event('open'))
  }

  /** The router's end. */
  #connection(endpoint: Endpoint, protocol: string): Connection {
    const isBinary = endpoint.protocols.get(protocol)?.binary ?? false
    const way = this.#toClient
    return {
      kind: 'local',
      remote: 'local',
      get buffered() {
        return way.buffered
      },
      write: (frames, binary = isBinary) => {
        for (const frame of frames) way.put(frame.length, () => this.#message(frame, binary))
      },
      ping: () => way.put(0, () => this.#receiver?.alive()),
      close: (code, reason) => way.put(0, () => this.#end(code, reason, true)),
      terminate: () => this.#end(LOST, '', false),
    }
  }

  /** Others may have the frame too: the client gets a copy. */
  #message(frame: Uint8Array, isBinary: boolean): void {
    if (this.readyState !== OPEN) return
    const bytes = isBinary ? new Uint8Array(frame) : Buffer.from(frame)
    const isBlob = isBinary && this.binaryType === 'blob'
    const data = isBlob ? new Blob([bytes]) : isBinary ? bytes.buffer : bytes.toString()
    this.dispatchEvent(new MessageEvent('message', { data }))
  }

  #end(code: number, reason: string, wasClean: boolean): void {
    if (this.readyState === CLOSED) return
    this.readyState = CLOSED
    this.#toRouter.clear()
    this.#toClient.clear()
    this.#door.open.delete(this)
    const receiver = this.#receiver
    this.#receiver = null
    // Not at once: the router may be in the midst of something.
    queueMicrotask(() => {
      receiver?.closed()
      this.dispatchEvent(new LocalCloseEvent(code, reason, wasClean))
    })
  }
}

/** Where connections in memory come in. */
interface LocalDoor {
  readonly site: Site
  readonly open: Set<LocalWebSocket>
}

/** A class like `WebSocket` whose connections lead to one router, in memory. */
export type LocalWebSocketClass = {
  new (url: string | URL, protocols?: string | readonly string[]): LocalWebSocket
} & Pick<typeof LocalWebSocket, 'CONNECTING' | 'OPEN' | 'CLOSING' | 'CLOSED'>

/** Makes the class for a site, and the door by which its connections are cut off. */
export function localWebSockets(site: Site): { WebSocket: LocalWebSocketClass; door: Door } {
  const open = new Set<LocalWebSocket>()
  class WebSocket extends LocalWebSocket {
    constructor(url: string | URL, protocols?: string | readonly string[]) {
      super({ site, open }, url, protocols)
    }
  }
  const door = {
    // Who connects from now on is refused, as the router is going down.
    stop() {},
    async close() {
      for (const socket of open) socket.terminate()
    },
  }
  return { WebSocket, door }
}

function bytesOf(data: string | ArrayBufferLike | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data)
  if (ArrayBuffer.isView(data)) {
    return Uint8Array.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) {
    return Uint8Array.from(new Uint8Array(data))
  }
  throw new TypeError('expected text, an ArrayBuffer or a view of one')
}
