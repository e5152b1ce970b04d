import type { ServerResponse } from 'node:http'
import type { Clock, Timer } from '../../base/clock.ts'
import type { EventMessage } from '../../protocol/messages.ts'
import type { HttpSession, Sink } from './session.ts'

/** How a stream is written. What is said is JSON, and has no line breaks. */
export interface Lines {
  readonly type: string
  /** What readers pass over: a sign of life, a word for people. */
  comment(text: string): string
  /** One thing said; `id` is where to go on from, `name` what kind of thing it is, where not the usual. */
  entry(data: string, name?: string, id?: string): string
}

/** Server-sent events (WHATWG HTML, 9.2). */
export const SSE: Lines = {
  type: 'text/event-stream',
  comment: text => `: ${text.replaceAll(/[\r\n]+/g, ' ')}\n\n`,
  entry(data, name, id) {
    const head = (id === undefined ? '' : `id: ${id}\n`) + (name ? `event: ${name}\n` : '')
    return `${head}data: ${data}\n\n`
  },
}

/** A value in JSON on each line. */
export const NDJSON: Lines = {
  type: 'application/x-ndjson',
  comment: () => '\n',
  entry: data => `${data}\n`,
}

/** An answer that goes on, and the session that it is fed from. */
export class Stream implements Sink {
  readonly #response: ServerResponse
  readonly #lines: Lines
  readonly #signs: Timer
  #session: HttpSession | null = null
  #unwritten = ''
  #held = 0
  isBegun = false
  /** Hears the events of the session. */
  onEvent: (message: EventMessage) => void = () => {}

  constructor(response: ServerResponse, lines: Lines, clock: Clock, heartbeat: number) {
    this.#response = response
    this.#lines = lines
    this.#signs = clock.every(heartbeat, () => {
      if (this.isBegun) this.#write(lines.comment('still here'))
    })
    response.on('drain', () => this.#session?.drained())
    response.once('close', () => {
      this.#signs.cancel()
      this.#session?.leave()
    })
  }

  get buffered(): number {
    return this.#response.writableLength + this.#unwritten.length + this.#held
  }

  /** Bytes that are kept for the reader elsewhere. */
  hold(bytes: number): void {
    this.#held += bytes
  }

  /** The session ends when the reader goes. */
  follow(session: HttpSession): void {
    this.#session = session
    if (this.#response.destroyed) session.leave()
  }

  /** Status and headers. */
  begin(): void {
    if (this.isBegun || this.#response.headersSent) return
    this.isBegun = true
    // A proxy is not to wait for more.
    this.#response.writeHead(200, { 'Content-Type': this.#lines.type, 'X-Accel-Buffering': 'no' })
    this.#response.flushHeaders()
  }

  send(data: string, name?: string, id?: string): void {
    this.#unwritten += this.#lines.entry(data, name, id)
  }

  event(message: EventMessage): void {
    this.onEvent(message)
  }

  /** What was sent in a turn leaves at once. */
  flush(): void {
    if (this.#unwritten === '') return
    this.begin()
    const text = this.#unwritten
    this.#unwritten = ''
    this.#write(text)
  }

  /** Resolves when the reader has taken what was sent, or is gone. */
  async drained(): Promise<void> {
    const response = this.#response
    if (!response.writableNeedDrain || response.destroyed) return
    await new Promise<void>(resolve => {
      const done = () => {
        response.off('drain', done)
        response.off('close', done)
        resolve()
      }
      response.on('drain', done)
      response.on('close', done)
    })
  }

  /** All is said. */
  finish(): void {
    this.flush()
    this.forget()
    this.#response.end()
  }

  /** The session is over though not all is said: the reader is told when to come back, and why. */
  end(text: string): void {
    this.#signs.cancel()
    if (!this.isBegun) return
    this.flush()
    this.#write(this.#lines.comment(text))
    this.#response.end()
  }

  /** The session is not needed any more. */
  forget(): void {
    this.#signs.cancel()
    this.#session?.leave()
  }

  #write(text: string): void {
    if (!this.#response.writableEnded) this.#response.write(text)
  }
}
