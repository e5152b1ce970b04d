import type { Link } from '../../src/session/link.ts'
import type { Connection } from '../../src/transport/transport.ts'
import { CODECS, type Wamp } from '../helpers/raw-client.ts'

export type Match = 'exact' | 'prefix' | 'wildcard'

/** What a session holds: a subscription or a registration. */
export interface Held {
  readonly id: number
  readonly uri: string
  readonly match: Match
}

/** A request that is answered once. */
export interface Request {
  readonly type: number
  isOpen: boolean
  /** What is asked for. */
  readonly uri: string
  readonly match: Match
  /** The id of what is given up. */
  readonly id: number
  /** A CALL whose further parts may follow, that hears of progress. */
  parts: boolean
  readonly hearsProgress: boolean
}

/** A call as its callee sees it. */
export interface Invoked {
  readonly caller: string
  readonly request: number
  isOpen: boolean
}

/** One session, as its client sees it. */
export class Sitting {
  /** Names it in payloads. */
  readonly key: string
  readonly id: number
  readonly authid: string
  readonly authrole: string
  readonly requests = new Map<number, Request>()
  readonly subscriptions = new Map<number, Held>()
  readonly registrations = new Map<number, Held>()
  readonly invocations = new Map<number, Invoked>()
  /** The last publication heard, by subscription and publisher. */
  readonly heard = new Map<string, number>()
  lastRequest = 0
  isOver = false

  constructor(key: string, id: number, authid: string, authrole: string) {
    this.key = key
    this.id = id
    this.authid = authid
    this.authrole = authrole
  }
}

/**
 * opening: no session yet, or none any more
 * open: a session is there
 * leaving: the client has said GOODBYE
 * farewell: the router has said GOODBYE, or ABORT
 */
type Phase = 'opening' | 'open' | 'leaving' | 'farewell'

/** How a transport tells that a connection is gone, once it was asked to close it. */
export type Manner = 'at once' | 'later' | 'never'

/** Who hears what clients hear. */
export interface Listener {
  fault(text: string): void
  hear(client: Client, message: Wamp): void
  closing(client: Client, code: number): void
}

/** Bytes that may wait for a slow reader. */
export const SEND_BUFFER = 2000

/** A client, and the connection to it: in memory, and by the letter of the transport's contract. */
export class Client implements Connection {
  readonly kind: string = 'memory'
  readonly remote: string = '192.0.2.1'
  readonly protocol: string
  readonly manner: Manner
  /** It announces all features; else few. */
  readonly isAble: boolean
  readonly #listener: Listener
  link: Link | null = null
  phase: Phase = 'opening'
  sitting: Sitting | null = null
  /** HELLO is out. */
  asked: 'anonymous' | 'ticket' | 'wampcra' | 'other' | null = null
  challenge: Record<string, unknown> | null = null
  /** It has sent what ends its session. */
  hasErred = false
  buffered = 0
  isSlow = false
  /** The router closes the connection. */
  isClosing = false
  isGone = false

  constructor(protocol: string, isAble: boolean, manner: Manner, listener: Listener) {
    this.protocol = protocol
    this.isAble = isAble
    this.manner = manner
    this.#listener = listener
  }

  /** The session, while it may be used. */
  get session(): Sitting | null {
    return this.phase === 'open' ? this.sitting : null
  }

  write(frames: readonly Uint8Array[]): void {
    if (this.isClosing || this.isGone) {
      this.#listener.fault('written to behind the end')
      return
    }
    for (const frame of frames) {
      if (this.isSlow) this.buffered += frame.length
      const message = this.#decoded(frame)
      if (this.phase === 'farewell') this.#listener.fault(`behind the farewell: ${message}`)
      else if (message !== null) this.#listener.hear(this, message)
    }
    if (this.buffered > SEND_BUFFER) this.#listener.fault(`${this.buffered} bytes wait`)
  }

  ping(): void {
    if (this.manner !== 'never') this.link?.alive()
  }

  close(code: number): void {
    this.#listener.closing(this, code)
    this.isClosing = true
    this.endSitting()
    if (this.manner === 'at once') this.gone()
  }

  terminate(): void {
    if (!this.isGone) this.gone()
  }

  /** The transport has lost the connection. */
  gone(): void {
    this.endSitting()
    if (this.isGone) return
    this.isGone = true
    this.link?.closed()
    this.link = null
  }

  endSitting(): void {
    if (this.sitting !== null) this.sitting.isOver = true
    this.sitting = null
  }

  send(message: unknown): void {
    const frame = CODECS[this.protocol]?.encode(message)
    this.sendRaw(Buffer.from(frame as string), this.protocol !== 'wamp.2.json')
  }

  #decoded(frame: Uint8Array): Wamp | null {
    try {
      return CODECS[this.protocol]?.decode(Buffer.from(frame)) as Wamp
    } catch (error) {
      this.#listener.fault(`${this.protocol} cannot be read: ${(error as Error).message}`)
      return null
    }
  }

  /** The bytes are overwritten behind the handler, as a transport may. */
  sendRaw(bytes: Uint8Array, binary: boolean): void {
    const frame = new Uint8Array(bytes)
    this.link?.bytes(frame, binary)
    frame.fill(0xc1)
  }
}
