import type { Clock } from '../../base/clock.ts'
import type { Counters } from '../../base/counters.ts'
import type { Log } from '../../base/log.ts'
import {
  GOODBYE_AND_OUT,
  INTERNAL_ERROR,
  NO_SUCH_REALM,
  PAYLOAD_SIZE_EXCEEDED,
  PROTOCOL_VIOLATION,
} from '../../protocol/errors.ts'
import type { EventMessage, Welcome } from '../../protocol/messages.ts'
import type { Connection, Receiver } from '../../transport/transport.ts'
import { claimOf, proofWith } from '../credentials.ts'
import { InnerSession, type Listener, type Outer } from '../inner.ts'
import { Deliveries } from './deliveries.ts'
import { encodeFrame, type Frame, type Header, VERSIONS, type Version } from './frame.ts'
import { type Beats, beatsOf, HeartBeat, type Offer } from './heart-beat.ts'
import { FrameError, FrameReader } from './reader.ts'
import { Refusal } from './refusal.ts'
import { type Client, StompSession } from './session.ts'

/** What a connection asks of where it came in. */
export interface Terms {
  readonly clock: Clock
  readonly log: Log
  readonly counters: Counters
  /** The largest body, and what transactions hold, in bytes. */
  readonly maxBody: number
  /** Bytes that may wait for a slow reader. */
  readonly sendBuffer: number
  readonly heartBeat: Offer
  /** The realm that a `host` stands for; undefined where it is none, and there is no default. */
  realmOf(host: string | undefined): string | undefined
  open(connection: Connection): Receiver
}

/** A body before CONNECTED, and what may wait until then, in bytes. */
const MAX_EARLY_BODY = 1024
const MAX_EARLY = 1 << 16

/**
 * opening: CONNECT is awaited
 * joining: the realm is asked; further frames wait
 * open: CONNECTED was sent
 * leaving: DISCONNECT came; nothing is read any more
 * closed: ERROR was sent, or the connection is gone
 */
type State = 'opening' | 'joining' | 'open' | 'leaving' | 'closed'

/** Why the connection ends, as ERROR says it. */
interface Reason {
  readonly uri?: string
  readonly text: string
  readonly receipt?: string | undefined
  /** The versions that would have been spoken. */
  readonly versions?: string
}

/** One connection that carries STOMP, and the WAMP session within it. */
export class StompConnection implements Receiver, Listener, Client {
  /** Before CONNECT, that which all clients read. */
  version: Version = '1.0'
  readonly #connection: Connection
  readonly #terms: Terms
  readonly #reader = new FrameReader(MAX_EARLY_BODY)
  readonly #deliveries = new Deliveries(this)
  readonly #inner: InnerSession
  readonly #session: StompSession
  #state: State = 'opening'
  #heartBeat: HeartBeat | null = null
  /** Frames that leave when the turn ends. */
  #frames: Uint8Array[] = []
  #bytes = 0
  /** Bytes of answers since too much waited. */
  #answers = 0
  #isEnding = false
  /** Those frames are binary, where the transport tells the two apart. */
  #isBinary = false
  #reason: Reason | null = null
  #hasLeft = false
  /** The receipt that DISCONNECT asked for. */
  #lastReceipt: string | undefined

  constructor(connection: Connection, terms: Terms) {
    this.#connection = connection
    this.#terms = terms
    this.#inner = new InnerSession(this.#outer(), inner => terms.open(inner), this)
    this.#session = new StompSession(this.#inner, this, this.#deliveries, terms.maxBody)
  }

  bytes(bytes: Uint8Array): void {
    if (this.#heartBeat !== null) this.#heartBeat.heard = true
    this.#inner.receiver.alive()
    if (this.#state === 'leaving' || this.#state === 'closed') return
    this.#reader.push(bytes)
    this.#read()
    this.#reader.keep()
    this.flush()
  }

  drained(): void {
    if (this.#state !== 'closed') {
      this.#deliveries.go()
      this.flush()
    }
    this.#inner.receiver.drained()
  }

  alive(): void {
    this.#inner.receiver.alive()
  }

  farewell(code: number, reason: string): void {
    // The client has hung up: what it is still owed goes out, and no ERROR.
    if (code === 1000) this.#hasLeft = true
    const uri = code === 1009 ? PAYLOAD_SIZE_EXCEEDED : PROTOCOL_VIOLATION
    this.#end(code, { uri, text: reason })
  }

  closed(): void {
    this.#stop()
    this.#inner.closed()
  }

  event(message: EventMessage): void {
    if (this.#state !== 'closed') this.#session.event(message)
  }

  ended(uri: string, text: string): void {
    if (this.#state === 'leaving' && uri === GOODBYE_AND_OUT) {
      this.#deliverLast()
      if (this.#lastReceipt !== undefined) this.send('RECEIPT', [['receipt-id', this.#lastReceipt]])
      this.#stop()
      this.#inner.receiver.farewell(1000, 'goodbye')
    } else this.#reason ??= { uri, text }
  }

  failed(error: unknown): void {
    this.#terms.log.error({ remote: this.#connection.remote, err: error }, 'internal error')
    this.#end(1011, { uri: INTERNAL_ERROR, text: 'the router failed; this session ends' })
  }

  /**
   * Messages must wait. So much may be in the connection that there is room for answers, and at the
   * end some more: what was sent to the client before.
   */
  get isFull(): boolean {
    const { sendBuffer } = this.#terms
    const room = this.#isEnding ? 2 * sendBuffer : sendBuffer / 2
    if (this.#bytes + this.#connection.buffered <= room) return false
    this.#write()
    return this.#connection.buffered > room
  }

  send(command: string, headers: readonly Header[]): void {
    const frame = encodeFrame(this.version, command, headers)
    this.#answers += frame.length
    this.#push(frame, false)
  }

  deliver(headers: readonly Header[], rest: Uint8Array, binary: boolean): void {
    this.#push(encodeFrame(this.version, 'MESSAGE', headers, rest), binary)
  }

  refuse(uri: string, text: string, receipt: string | undefined): void {
    this.#end(1000, { uri, text, receipt })
  }

  /** Sends what this turn has made. */
  flush(): void {
    this.#write()
    const { sendBuffer, counters, log } = this.#terms
    if (this.#state === 'closed') return
    if (this.#connection.buffered <= sendBuffer) this.#answers = 0
    // Messages wait for room, and the router's outbox counts them. Answers do not.
    if (this.#answers <= sendBuffer) return
    counters.count('too_slow')
    const text = `too slow: over ${sendBuffer} bytes of answers waited to be read`
    log.warn({ remote: this.#connection.remote }, text)
    this.#end(1008, { text })
  }

  /** Takes the frames that are whole; those behind CONNECT wait until it is settled. */
  #read(): void {
    let frame: Frame | null = null
    try {
      while (this.#state === 'opening' || this.#state === 'open') {
        frame = null
        frame = this.#reader.next()
        if (frame === null) return
        this.#take(frame)
      }
      if (this.#state === 'joining' && this.#reader.held > MAX_EARLY) {
        throw new Refusal(PROTOCOL_VIOLATION, `over ${MAX_EARLY} bytes before CONNECTED`)
      }
    } catch (error) {
      if (error instanceof FrameError) {
        this.#end(1002, { uri: PROTOCOL_VIOLATION, text: error.message, receipt: error.receipt })
      } else if (error instanceof Refusal) {
        const { uri, message: text } = error
        const reason = { uri, text, receipt: frame?.headers.get('receipt') }
        if (uri === PROTOCOL_VIOLATION) this.#end(1002, reason)
        else this.#end(1000, reason)
      } else this.failed(error)
    }
  }

  #take(frame: Frame): void {
    const { command, headers, body } = frame
    if (this.#state === 'opening') this.#connect(frame)
    else if (command === 'DISCONNECT') {
      this.#state = 'leaving'
      this.#lastReceipt = headers.get('receipt')
      this.#inner.leave()
    } else if (body.length > 0 && command !== 'SEND' && this.version !== '1.0') {
      // (STOMP 1.2, "Body".)
      throw new Refusal(PROTOCOL_VIOLATION, `${command}: only SEND has a body`)
    } else this.#session.receive(frame)
  }

  /** (STOMP 1.2, "Connecting".) */
  #connect({ command, headers }: Frame): void {
    if (command !== 'CONNECT' && command !== 'STOMP') {
      throw new Refusal(PROTOCOL_VIOLATION, 'CONNECT is awaited first')
    }
    const accepted = (headers.get('accept-version') ?? '1.0').split(',').map(one => one.trim())
    const version = VERSIONS.find(one => accepted.includes(one))
    if (version === undefined) {
      const text = `the versions spoken here are ${VERSIONS.join(', ')}`
      this.#end(1002, { uri: PROTOCOL_VIOLATION, text, versions: VERSIONS.join() })
      return
    }
    // Clients of 1.0 may have spaces around headers.
    const header = (name: string) =>
      version === '1.0' ? headers.get(name)?.trim() : headers.get(name)
    const beats = beatsOf(header('heart-beat'), this.#terms.heartBeat)
    const realm = this.#terms.realmOf(header('host'))
    if (realm === undefined) {
      throw new Refusal(NO_SUCH_REALM, 'the header host names no realm, and there is no default')
    }
    const [login, passcode] = [header('login'), header('passcode')]
    const hasCertificate = (this.#connection.certificate ?? null) !== null
    const claim = claimOf({ login, passcode, method: header('authmethod'), hasCertificate })
    this.version = version
    this.#reader.version = version
    this.#state = 'joining'
    this.#inner.join(realm, claim, proofWith(passcode), welcome => this.#joined(welcome, beats))
  }

  #joined({ session, details }: Welcome, beats: Beats): void {
    const { clock, heartBeat, maxBody } = this.#terms
    this.#state = 'open'
    this.#reader.maxBody = maxBody
    this.send('CONNECTED', [
      ['version', this.version],
      ['heart-beat', `${heartBeat.canSend},${heartBeat.wants}`],
      ['session', String(session)],
      ['server', String(details.agent)],
    ])
    this.#heartBeat = new HeartBeat(
      clock,
      beats,
      () => this.#beat(),
      () => this.#dead(),
    )
    this.#read()
  }

  #beat(): void {
    // What is on its way is a sign of life, too.
    if (this.#connection.buffered === 0) this.#connection.write([LINE_END], false)
  }

  #dead(): void {
    this.#terms.counters.count('dead_peers')
    this.#terms.log.info({ remote: this.#connection.remote }, 'the client sends no heart-beats')
    this.#stop()
    this.#connection.terminate()
  }

  /** Ends the session: what the router has sent goes out first, then ERROR. */
  #end(code: number, reason: Reason): void {
    if (this.#state === 'closed') return
    this.#reason ??= reason
    // A code that blames the client is counted and logged there.
    this.#inner.receiver.farewell(code, reason.text)
  }

  /** The router closes the connection. */
  #close(code: number, reason: string): void {
    if (this.#state !== 'closed') {
      this.#deliverLast()
      if (!this.#hasLeft) this.#sendError(this.#reason ?? { text: reason })
      this.#stop()
    }
    this.#connection.close(code, reason)
  }

  #sendError({ uri, text, receipt, versions }: Reason): void {
    const message = [uri, text].filter(part => part !== undefined && part !== '').join(': ')
    const headers: Header[] = [['message', message]]
    if (uri !== undefined) headers.push(['error', uri])
    if (receipt !== undefined) headers.push(['receipt-id', receipt])
    if (versions !== undefined) headers.push(['version', versions])
    this.send('ERROR', headers)
  }

  #deliverLast(): void {
    this.#isEnding = true
    this.#deliveries.go()
  }

  /** Nothing is sent or read from now on but what was to be sent before. */
  #stop(): void {
    this.#write()
    this.#state = 'closed'
    this.#deliveries.drop()
    this.#heartBeat?.stop()
  }

  #push(frame: Uint8Array, binary: boolean): void {
    if (this.#state === 'closed') return
    if (binary !== this.#isBinary) this.#write()
    this.#isBinary = binary
    this.#frames.push(frame)
    this.#bytes += frame.length
  }

  #write(): void {
    if (this.#frames.length === 0) return
    const frames = this.#frames
    this.#frames = []
    this.#bytes = 0
    this.#connection.write(frames, this.#isBinary)
  }

  /** The connection as the router sees it. */
  #outer(): Outer {
    const connection = this.#connection
    const { kind, remote, secure = false, certificate = null } = connection
    const version = () => this.version
    const deliveries = this.#deliveries
    return {
      ...{ kind, remote, secure, certificate },
      get protocol() {
        return `v${version().replace('.', '')}.stomp`
      },
      get buffered() {
        return connection.buffered + deliveries.waiting
      },
      ping: () => connection.ping(),
      close: (code, reason) => this.#close(code, reason),
      terminate: () => connection.terminate(),
    }
  }
}

const LINE_END = Buffer.from('\n')
