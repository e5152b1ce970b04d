import type { ServerResponse } from 'node:http'
import type { Clock, Timer } from '../base/clock.ts'
import type { ClientCertificate } from '../base/origin.ts'
import { answerText } from './text-answer.ts'
import type { Connection, Protocol, Receiver } from './transport.ts'

/** Times of long-poll in milliseconds. */
export interface PollTimes {
  /** A poll for which nothing comes is answered after this. */
  readonly requestTimeout: number
  /** A client that does not poll for this long is gone. */
  readonly sessionTimeout: number
}

/** Who a connection is of, and what it calls when it ends. */
export interface Poller {
  readonly remote: string
  readonly secure: boolean
  readonly certificate: ClientCertificate | null
  readonly spoken: Protocol
  /** The client did not poll in time: the connection ends. */
  expired(): void
  /** The connection is gone. */
  left(): void
}

/** Why a connection ends, as a WebSocket close frame would say it. */
export interface Farewell {
  readonly code: number
  readonly reason: string
}

const CLOSED: Farewell = { code: 1000, reason: 'the transport is closed' }

/**
 * One long-poll transport, from `open` to `close`: what waits for the client, and the request that is
 * held until something does (WAMP, "HTTP Longpoll Transport", "Receiving WAMP Messages").
 */
export class PollConnection implements Connection {
  readonly kind = 'longpoll'
  readonly remote: string
  readonly secure: boolean
  readonly certificate: ClientCertificate | null
  readonly spoken: Protocol
  /** Who hears of it; set when it is opened, before anything happens. */
  receiver!: Receiver
  readonly #poller: Poller
  readonly #clock: Clock
  readonly #times: PollTimes
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  /** Answers that the kernel has not taken whole, and their bytes. */
  readonly #unsent = new Set<ServerResponse>()
  #unsentBytes = 0
  #poll: ServerResponse | null = null
  #timer: Timer
  #farewell: Farewell | null = null
  #isGone = false

  constructor(poller: Poller, clock: Clock, times: PollTimes) {
    this.remote = poller.remote
    this.secure = poller.secure
    this.certificate = poller.certificate
    this.spoken = poller.spoken
    this.#poller = poller
    this.#clock = clock
    this.#times = times
    this.#timer = this.#awaitPoll()
  }

  /** Why it ends, or has; null while it does not. */
  ending(): Farewell | null {
    return this.#farewell ?? (this.#isGone ? CLOSED : null)
  }

  get buffered(): number {
    return this.#waitingBytes + this.#unsentBytes
  }

  write(frames: readonly Uint8Array[]): void {
    if (this.#farewell !== null || this.#isGone) return
    for (const frame of frames) {
      this.#waiting.push(frame)
      this.#waitingBytes += frame.length
    }
    this.#deliver()
  }

  /** Nothing can be asked of a client between its polls; whether it polls in time is seen to here. */
  ping(): void {
    this.receiver.alive()
  }

  close(code: number, reason: string): void {
    if (this.#farewell !== null) return
    this.#farewell = { code, reason }
    this.#deliver()
  }

  terminate(): void {
    this.#end()
    for (const response of this.#unsent) response.destroy()
  }

  /** The client asks for what waits. It polls once at a time: an earlier poll ends empty. */
  poll(response: ServerResponse): void {
    if (response.destroyed) return
    this.#release()
    this.#timer.cancel()
    this.#poll = response
    response.once('close', () => {
      // It hung up before there was an answer: nothing is lost.
      if (this.#poll === response) this.#unhold()
    })
    this.#timer = this.#clock.after(this.#times.requestTimeout, () => this.#release())
    this.#deliver()
  }

  /** The client closes it. */
  leave(): void {
    this.#end()
  }

  /** Answers the poll that is held, if one is, with what there is for it. */
  #deliver(): void {
    // An application that has answered it itself gets the next one.
    if (this.#poll === null || this.#poll.headersSent) return
    if (this.#waiting.length > 0) this.#answer(this.#next())
    else if (this.#farewell !== null) this.#end()
  }

  /** What a poll is answered with: all that waits where batches are spoken, else one message. */
  #next(): Uint8Array {
    const { isBatched } = this.spoken
    const frames = isBatched ? this.#waiting.splice(0) : this.#waiting.splice(0, 1)
    const body = frames.length === 1 ? (frames[0] as Uint8Array) : Buffer.concat(frames)
    this.#waitingBytes -= body.length
    return body
  }

  #answer(body: Uint8Array): void {
    const response = this.#unhold() as ServerResponse
    this.#unsent.add(response)
    this.#unsentBytes += body.length
    const { socket } = response
    let isSent = false
    response.once('close', () => {
      this.#unsent.delete(response)
      this.#unsentBytes -= body.length
      if (this.#isGone) return
      if (isSent) this.receiver.drained()
      // What was in it is lost, and a session has no holes.
      else this.terminate()
    })
    response.writeHead(200, {
      'Content-Type': this.spoken.mediaType,
      'Content-Length': body.length,
    })
    response.end(body, () => {
      // Node calls this too when the connection is lost while bytes wait.
      isSent = socket?.destroyed === false
    })
  }

  /** Ends the poll that is held without a message. */
  #release(): void {
    if (this.#poll !== null) answerText(this.#unhold() as ServerResponse, 200, '')
  }

  /** Takes the poll that is held; from now on the client must poll again. */
  #unhold(): ServerResponse | null {
    const response = this.#poll
    this.#poll = null
    this.#timer.cancel()
    if (!this.#isGone) this.#timer = this.#awaitPoll()
    return response
  }

  #awaitPoll(): Timer {
    return this.#clock.after(this.#times.sessionTimeout, () => this.#poller.expired())
  }

  #end(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#waiting = []
    this.#waitingBytes = 0
    const { code, reason } = this.#farewell ?? {}
    if (reason === undefined) this.#release()
    else if (this.#poll !== null) {
      answerText(this.#unhold() as ServerResponse, 410, `${code} ${reason}`)
    }
    this.#timer.cancel()
    this.#poller.left()
    // Not at once: the link may be in the midst of closing.
    queueMicrotask(() => this.receiver.closed())
  }
}
