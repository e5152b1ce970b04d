import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import { printable } from '../config/problem.ts'
import {
  ABORT,
  AUTHENTICATE,
  CHALLENGE,
  ERROR,
  GOODBYE,
  HELLO,
  type Message,
  type REGISTER,
  type Request,
  SUBSCRIBE,
  WELCOME,
} from '../protocol/messages.ts'
import { whyBroken, wordsOf } from '../remote/remote-error.ts'
import type { Serializer } from '../serializer/serializer.ts'

/** Why nothing could be measured: for whoever asked for it. */
export class BenchError extends Error {
  override name = 'BenchError'
}

/** Where sessions go, and as whom. */
export interface Target {
  readonly url: string
  readonly realm: string
  readonly serializer: Serializer
  /** Without it sessions are anonymous. */
  readonly login?: { readonly authid: string; readonly ticket: string }
}

const JOIN_TIME = 30_000
const LEAVE_TIME = 1000
const ROLES = { caller: {}, callee: {}, publisher: {}, subscriber: {} }

/** A session of the load: as little as measures a router without being the slower of the two. */
export class Session {
  /** What is done with the next messages. */
  take: (message: Message) => void = () => {}
  /** Told once, when the router or the network ends the session, or what comes is not WAMP. */
  onEnd: (error: BenchError) => void = () => {}
  /** How it ended, if it has. */
  failure: BenchError | undefined
  lastRequest = 0
  readonly #serializer: Serializer
  readonly #socket: WebSocket
  #stream: Duplex | null = null
  #isCorked = false
  #isOver = false

  private constructor({ url, serializer }: Target) {
    this.#serializer = serializer
    // The router unmasks all the same; to draw a key for each frame would cost the client more.
    const mask = randomBytes(4)
    this.#socket = new WebSocket(url, `wamp.2.${serializer.name}`, {
      perMessageDeflate: false,
      skipUTF8Validation: true,
      generateMask: key => mask.copy(key),
      handshakeTimeout: JOIN_TIME,
    })
    this.#socket.on('upgrade', ({ socket }: IncomingMessage) => {
      this.#stream = socket
    })
    this.#socket.on('message', (data: Buffer) => this.#take(data))
    this.#socket.on('error', error => this.#end(`no connection to ${url}: ${whyBroken(error)}`))
    this.#socket.on('close', (code, reason) => {
      this.#end(`the router closed a connection: ${code} ${printable(String(reason))}`.trim())
    })
  }

  /** Connects and joins. Rejects with a BenchError. */
  static join(target: Target): Promise<Session> {
    const { realm, login } = target
    const session = new Session(target)
    const joined = new Promise<Session>((resolve, reject) => {
      session.onEnd = reject
      session.take = message => {
        if (message.type === WELCOME) resolve(session)
        else if (message.type === CHALLENGE && login !== undefined) {
          session.send({ type: AUTHENTICATE, signature: login.ticket, extra: {} })
        } else session.#end(`the router answered HELLO with a message of type ${message.type}`)
      }
      const who = login === undefined ? {} : { authmethods: ['ticket'], authid: login.authid }
      const hello = { type: HELLO, realm, details: { roles: ROLES, ...who } } as const
      session.#socket.on('open', () => session.send(hello))
    })
    const timer = setTimeout(() => session.#end('the router does not answer HELLO'), JOIN_TIME)
    return joined.finally(() => clearTimeout(timer))
  }

  /** Subscribes or registers. Rejects with a BenchError where the router refuses. */
  request(type: typeof SUBSCRIBE | typeof REGISTER, uri: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.onEnd = reject
      this.take = message => {
        if (message.type === type + 1) resolve()
        else if (message.type !== ERROR) this.unexpected(message)
        else reject(new BenchError(`the router refused ${uri}: ${printable(message.error)}`))
      }
      const request = ++this.lastRequest
      if (type === SUBSCRIBE) this.send({ type, request, options: {}, topic: uri })
      else this.send({ type, request, options: {}, procedure: uri })
    })
  }

  /** What is sent within one turn of the event loop goes out in one write. */
  send(message: Message | Request): void {
    if (this.#stream !== null && !this.#isCorked) {
      this.#isCorked = true
      this.#stream.cork()
      setImmediate(() => {
        this.#isCorked = false
        this.#stream?.uncork()
      })
    }
    this.#socket.send(this.#serializer.encode(message), { binary: this.#serializer.binary })
  }

  /** Bytes that the router has not taken yet. */
  get waiting(): number {
    return this.#stream?.writableLength ?? 0
  }

  unexpected(message: Message): void {
    this.#end(`the router sent an unexpected message of type ${message.type}`)
  }

  /** Takes leave; resolves when the connection is closed. */
  async leave(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    const closed = new Promise(resolve => this.#socket.once('close', resolve))
    // Some routers keep what belongs to a session that does not take leave.
    this.send({ type: GOODBYE, details: {}, reason: 'wamp.close.close_realm' })
    this.#socket.close(1000)
    const timer = setTimeout(() => this.#socket.terminate(), LEAVE_TIME)
    await closed
    clearTimeout(timer)
  }

  terminate(): void {
    this.#isOver = true
    this.#socket.terminate()
  }

  #take(data: Buffer): void {
    if (this.#isOver) return
    let message: Message
    try {
      message = this.#serializer.decode(data)
    } catch (error) {
      this.#end(`the router sent what is no WAMP message: ${(error as Error).message}`)
      return
    }
    if (message.type === ABORT) this.#end(`the router sent ABORT ${wordsOf(message)}`)
    else if (message.type === GOODBYE) {
      this.#end(`the router ended a session: ${printable(message.reason)}`)
    } else this.take(message)
  }

  #end(text: string): void {
    if (this.#isOver) return
    this.terminate()
    this.failure = new BenchError(text)
    this.onEnd(this.failure)
  }
}
