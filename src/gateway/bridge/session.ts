import type { ClientCertificate } from '../../base/origin.ts'
import { INTERNAL_ERROR, UNAVAILABLE } from '../../protocol/errors.ts'
import { type EventMessage, type Message, RESULT } from '../../protocol/messages.ts'
import type { Dict } from '../../protocol/payload.ts'
import type { Connection, Receiver } from '../../transport/transport.ts'
import { InnerSession, type Listener, type Prove, type Request } from '../inner.ts'
import { Problem } from './problem.ts'

/** How a session is come by. */
export interface Way {
  readonly remote: string
  readonly secure: boolean
  readonly certificate: ClientCertificate | null
  /** What is spoken: `http`, `sse`, … */
  readonly protocol: string
  /** That of an endpoint that has `wamp.2.json` on offer. */
  open(connection: Connection): Receiver
}

/** Where a session's events go, and what waits there. */
export interface Sink {
  /** Bytes that the kernel has not taken yet. */
  readonly buffered: number
  event(message: EventMessage): void
  /** All events of a turn were told. */
  flush(): void
}

/** What happens in a session that no request waits for. */
export interface Fate {
  ended(problem: Problem): void
  failed(error: unknown): void
}

const NO_SINK: Sink = { buffered: 0, event() {}, flush() {} }

/** The WAMP session of requests. It has no connection of its own that could be lost. */
export class HttpSession implements Listener {
  readonly #inner: InnerSession
  readonly #sink: Sink
  readonly #fate: Fate
  /** Those that wait for an answer. */
  readonly #waiting = new Set<(problem: Problem) => void>()
  #problem: Problem | null = null
  #hasJoined = false
  #isGone = false

  constructor({ protocol, open, ...way }: Way, fate: Fate, sink: Sink = NO_SINK) {
    this.#sink = sink
    this.#fate = fate
    const outer = {
      ...{ kind: 'http', protocol, ...way },
      get buffered() {
        return sink.buffered
      },
      // Whether a client is there is seen when something is written to it.
      ping: () => this.#inner.receiver.alive(),
      close: (_: number, reason: string) => this.#close(reason),
      terminate: () => this.#close('cut off'),
    }
    this.#inner = new InnerSession(outer, open, this)
  }

  /** Resolves when the session stands. Rejects with a Problem where there is none. */
  join(realm: string, details: Dict, prove: Prove): Promise<void> {
    return new Promise((resolve, reject) => {
      const refuse = this.#await(reject)
      if (refuse === undefined) return
      this.#inner.join(realm, details, prove, () => {
        this.#hasJoined = true
        this.#waiting.delete(refuse)
        resolve()
      })
    })
  }

  /**
   * Resolves with the last answer, which may be ERROR; those before it are for `progress`. Rejects
   * with a Problem where the session ends before. `sent` hears the number of the request.
   */
  ask(
    make: Request,
    progress: (answer: Message) => void = () => {},
    sent: (request: number) => void = () => {},
  ): Promise<Message> {
    return new Promise((resolve, reject) => {
      const refuse = this.#await(reject)
      if (refuse === undefined) return
      const request = this.#inner.request(make, answer => {
        if (answer.type === RESULT && answer.details.progress === true) progress(answer)
        else {
          this.#waiting.delete(refuse)
          resolve(answer)
        }
      })
      sent(request)
    })
  }

  post(message: Message): void {
    this.#inner.post(message)
  }

  /** The reader has taken bytes that waited. */
  drained(): void {
    this.#inner.receiver.drained()
  }

  /** Nobody needs it any more. */
  leave(): void {
    if (this.#problem === null) this.#inner.leave()
    this.#close('not needed any more')
  }

  event(message: EventMessage): void {
    this.#sink.event(message)
  }

  flush(): void {
    this.#sink.flush()
  }

  ended(uri: string, text: string): void {
    // Whatever ends a session that stood, the request may be sent again.
    this.#end(new Problem(uri, text, this.#hasJoined ? 503 : undefined))
  }

  failed(error: unknown): void {
    this.#fate.failed(error)
    this.#end(new Problem(INTERNAL_ERROR, 'the bridge failed'))
  }

  /** Undefined: it is over, and `reject` has been told. */
  #await(reject: (problem: Problem) => void): ((problem: Problem) => void) | undefined {
    if (this.#problem !== null) {
      reject(this.#problem)
      return undefined
    }
    this.#waiting.add(reject)
    return reject
  }

  #end(problem: Problem): void {
    if (this.#problem !== null) return
    this.#problem = problem
    for (const refuse of this.#waiting) refuse(problem)
    this.#waiting.clear()
    this.#fate.ended(problem)
  }

  #close(reason: string): void {
    if (this.#isGone) return
    this.#isGone = true
    // Not at once: the link is in the midst of closing.
    queueMicrotask(() => {
      // Without an ABORT or GOODBYE it is only for now: a restart, a lack of room, a slow reader.
      this.#end(new Problem(UNAVAILABLE, reason))
      this.#inner.closed()
    })
  }
}
